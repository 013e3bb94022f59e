#include "io/linux/background_work.h"

#include <thread>
#include <utility>

namespace lockstep::io {

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
  std::thread([this, work = std::move(work), wanted = wanted_, far = line_.far()] {
    far.post([this, wanted, then = work()] { ended(wanted, then); });
  }).detach();
}

void BackgroundWork::ended(std::uint64_t wanted, const Then& then) {
  busy_ = false;
  if (Work next = std::exchange(waiting_, nullptr)) start(std::move(next));
  if (wanted == wanted_) then();
}

}  // namespace lockstep::io
