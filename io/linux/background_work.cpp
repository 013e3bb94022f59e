#include "io/linux/background_work.h"

#include "io/asio/event_loop.h"

#include <mutex>
#include <thread>
#include <utility>

namespace lockstep::io {

/// The way back to the loop; cut when the object ends.
struct BackgroundWork::Line {
  std::mutex mutex;
  EventLoop* loop = nullptr;        ///< under the mutex
  BackgroundWork* owner = nullptr;  ///< on the loop's thread
};

BackgroundWork::BackgroundWork(EventLoop& loop) : line_(std::make_shared<Line>()) {
  line_->loop = &loop;
  line_->owner = this;
}

BackgroundWork::~BackgroundWork() {
  line_->owner = nullptr;
  const std::scoped_lock lock(line_->mutex);
  line_->loop = nullptr;
}

void BackgroundWork::forget() {
  ++wanted_;
  waiting_ = nullptr;
}

void BackgroundWork::begin(Work work) {
  forget();
  if (busy_) {
    waiting_ = std::move(work);
  } else {
    start(std::move(work));
  }
}

void BackgroundWork::start(Work work) {
  busy_ = true;
  std::thread([line = line_, work = std::move(work), wanted = wanted_] {
    Then then = work();
    const std::scoped_lock lock(line->mutex);
    if (line->loop == nullptr) return;
    line->loop->post_from_any_thread([line, wanted, then = std::move(then)] {
      if (line->owner != nullptr) line->owner->ended(wanted, then);
    });
  }).detach();
}

void BackgroundWork::ended(std::uint64_t wanted, const Then& then) {
  busy_ = false;
  if (Work next = std::exchange(waiting_, nullptr)) start(std::move(next));
  if (wanted == wanted_) then();
}

}  // namespace lockstep::io
