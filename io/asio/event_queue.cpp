#include "io/asio/event_queue.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"

#include <utility>

namespace lockstep::io {

namespace {
/// Far below a heartbeat interval.
constexpr Duration turn_max = milliseconds(5);
}  // namespace

EventQueue::EventQueue(EventLoop& loop) : loop_(loop) { loop_.attach(this); }

EventQueue::~EventQueue() { loop_.detach(this); }

void EventQueue::connect(Step step, std::function<void()> flush) {
  step_ = std::move(step);
  flush_ = std::move(flush);
}

void EventQueue::disconnect() {
  step_ = nullptr;
  flush_ = nullptr;
  entries_.clear();
}

void EventQueue::post(Event event) {
  LOCKSTEP_CHECK(loop_.on_loop_thread(), "events are posted on the loop's thread");
  entries_.push_back({std::move(event), nullptr, 0});
}

void EventQueue::post_while_unchanged(Event event, const std::uint64_t& generation) {
  LOCKSTEP_CHECK(loop_.on_loop_thread(), "events are posted on the loop's thread");
  entries_.push_back({std::move(event), &generation, generation});
}

bool EventQueue::drain() {
  if (entries_.empty() || !step_) return false;
  LOCKSTEP_CHECK(!draining_, "an engine's step does not run the loop");
  draining_ = true;
  const Instant begun = EventLoop::now();
  for (Instant now = begun; !entries_.empty() && step_ && now - begun < turn_max;) {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    if (entry.generation != nullptr && *entry.generation != entry.expected) continue;
    now = EventLoop::now();
    step_(now, std::move(entry.event));
  }
  draining_ = false;
  return true;
}

void EventQueue::flush() {
  if (flush_) flush_();
}

}  // namespace lockstep::io
