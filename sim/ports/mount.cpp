#include "sim/ports/mount.h"

#include "engine/values/check.h"

#include <algorithm>
#include <utility>

namespace lockstep::sim {

namespace {
constexpr Time open_max = 20 * one_ms;
constexpr Time slow_open_max = 2 * one_second;  ///< of one opening or closing in 20
constexpr Time request_max = 100 * one_us;
}  // namespace

Time SimMount::longest() { return random_.one_in(20) ? slow_open_max : open_max; }

void SimMount::behave() { close_max_ = 0; }

void SimMount::open() {
  LOCKSTEP_CHECK(!open_, "a mount is opened only while it is closed");
  const std::uint64_t generation = ++generation_;
  host_.deliver(host_.now() + random_.between(one_ms, longest()), io::MountOpened{}, [this, generation] {
    if (generation != generation_) return false;
    open_ = true;
    return true;
  });
}

void SimMount::close() {
  const std::uint64_t generation = ++generation_;
  open_ = false;
  abort_all();
  host_.deliver(host_.now() + random_.between(0, std::max(longest(), close_max_)), io::MountClosed{},
                [this, generation] { return generation == generation_; });
}

void SimMount::request(RequestId request, const Operation& operation) {
  LOCKSTEP_CHECK(open_, "requests come through an open mount");
  outstanding_.insert(request);
  host_.deliver(host_.now() + random_.between(1, request_max), io::RequestArrived{request, operation},
                [this, request] { return outstanding_.contains(request) || aborted_.contains(request); });
}

void SimMount::reply(RequestId request, const io::Reply& reply) {
  if (outstanding_.erase(request) == 0) {
    LOCKSTEP_CHECK(aborted_.erase(request) == 1, "a request is answered once");
    return;
  }
  if (user_ != nullptr) user_->replied(request, reply);
}

void SimMount::abort_all() {
  for (const RequestId request : std::exchange(outstanding_, {})) {
    aborted_.insert(request);
    if (user_ == nullptr) continue;
    if (answers_aborted_) {
      user_->replied(request, {});
    } else {
      user_->aborted(request);
    }
  }
}

void SimMount::process_ended() {
  ++generation_;
  open_ = false;
  abort_all();
  aborted_.clear();
}

}  // namespace lockstep::sim
