#include "io/asio/event_loop.h"

#include "engine/values/check.h"
#include "io/asio/event_queue.h"

#include <algorithm>
#include <ctime>
#include <exception>
#include <string>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lockstep::io {

namespace {

/// Traffic counts as flowing for this long after its last event; then the loop sleeps instead of looking.
constexpr Duration traffic_flows = milliseconds(1);
/// So often looking may fail, more than it has succeeded, before the loop sleeps at once.
constexpr int patience = 8;
/// Then one wait of so many looks again, in case it has become worth while.
constexpr unsigned waits_between_trials = 64;

}  // namespace

bool SpinGauge::worth_while() { return balance_ >= 0 || ++waits_ % waits_between_trials == 0; }

void SpinGauge::count(bool found) { balance_ = std::clamp(balance_ + (found ? 1 : -1), -patience, patience); }

EventLoop::EventLoop() : context_(std::make_unique<boost::asio::io_context>(1)) {}
EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::context() { return *context_; }

void EventLoop::post_from_any_thread(std::function<void()> work) { boost::asio::post(*context_, std::move(work)); }

Instant EventLoop::now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return Instant{std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

void EventLoop::attach(EventQueue* queue) { queues_.push_back(queue); }

void EventLoop::detach(EventQueue* queue) { std::erase(queues_, queue); }

bool EventLoop::on_loop_thread() const {
  const auto thread = thread_.load(std::memory_order_relaxed);
  return thread == std::thread::id{} || thread == std::this_thread::get_id();
}

bool EventLoop::step_queues() {
  bool stepped = false;
  // By index: a handler may create a queue (a witness meets a module for the first time).
  for (std::size_t i = 0; i < queues_.size(); ++i) stepped = queues_[i]->drain() || stepped;
  return stepped;
}

void EventLoop::flush_queues() {
  for (std::size_t i = 0; i < queues_.size(); ++i) queues_[i]->flush();
}

bool EventLoop::wait_for_handler() {
  if (std::any_of(queues_.begin(), queues_.end(), [](const EventQueue* queue) { return queue->waiting(); })) {
    context_->poll_one();
    return true;
  }
  return spin() || context_->run_one() != 0;
}

bool EventLoop::spin() {
  if (spin_.ns == 0) return false;
  const Instant start = now();
  if (start - last_traffic_ >= traffic_flows || !gauge_.worth_while()) return false;
  bool found = context_->poll_one() != 0;
  while (!found && now() - start < spin_ && !stopping_.load(std::memory_order_relaxed)) {
    // What is waited for may be the work of somebody who needs this very processor.
    std::this_thread::yield();
    found = context_->poll_one() != 0;
  }
  gauge_.count(found);
  return found;
}

void EventLoop::run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const auto work = boost::asio::make_work_guard(*context_);
  try {
    step_queues();
    flush_queues();
    while (!stopping_.load(std::memory_order_acquire)) {
      if (!wait_for_handler()) break;
      bool stepped = step_queues();
      for (int handlers = 1; handlers < burst_handlers_max && context_->poll_one() != 0; ++handlers) {
        stepped = step_queues() || stepped;
      }
      flush_queues();
      if (stepped && spin_.ns > 0) last_traffic_ = now();
    }
  } catch (const std::exception& error) {
    check_failed("no exception reaches the event loop", error.what(), __FILE__, __LINE__);
  }
  thread_.store(std::thread::id{}, std::memory_order_relaxed);
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  context_->stop();
}

}  // namespace lockstep::io
