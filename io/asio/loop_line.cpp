#include "io/asio/loop_line.h"

#include "io/asio/event_loop.h"

#include <mutex>
#include <utility>

namespace lockstep::io {

struct LoopLine::Far::Shared {
  std::mutex mutex;
  EventLoop* loop = nullptr;  ///< under the mutex
  bool cut = false;           ///< on the loop's thread
};

LoopLine::LoopLine(EventLoop& loop) : far_(std::make_shared<Far::Shared>()) { far_.shared_->loop = &loop; }

LoopLine::~LoopLine() {
  far_.shared_->cut = true;
  const std::scoped_lock lock(far_.shared_->mutex);
  far_.shared_->loop = nullptr;
}

void LoopLine::Far::post(std::function<void()> call) const {
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->loop == nullptr) return;
  shared_->loop->post_from_any_thread([shared = shared_, call = std::move(call)] {
    if (!shared->cut) call();
  });
}

}  // namespace lockstep::io
