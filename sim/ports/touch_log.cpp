#include "sim/ports/touch_log.h"

#include <algorithm>
#include <utility>

namespace lockstep::sim {

namespace {
constexpr Time call_min = 200 * one_us;
constexpr Time call_max = 6 * one_ms;
constexpr Time early_call_lag_max = 2 * one_second;  // planted: how long after the confirmation the call may land
constexpr std::uint64_t damaged_one_in = 30;         // power losses
}  // namespace

void SimTouchLog::begin(Ticket ticket, Call call) {
  on_its_way_.push_back(std::move(call));
  Time delay = random_.between(call_min, call_max);
  if (random_.one_in(50)) delay += 10 * call_max;
  last_landing_ = std::max(last_landing_ + 2, host_.now() + delay);
  if (confirms_early_) {
    host_.deliver(last_landing_, io::TouchesLogged{ticket});
    host_.at(last_landing_ + random_.between(0, early_call_lag_max), [this] { land(); });
    return;
  }
  host_.at(last_landing_, [this] { land(); });
  host_.deliver(last_landing_ + 1, io::TouchesLogged{ticket});
}

void SimTouchLog::land() {
  Call call = std::move(on_its_way_.front());
  on_its_way_.pop_front();
  std::vector<std::byte> bytes;
  if (call.replaces) {
    durable_.readable = true;
  } else {
    const auto before = durable_.records.bytes();
    bytes.assign(before.begin(), before.end());
  }
  const auto more = call.records.bytes();
  bytes.insert(bytes.end(), more.begin(), more.end());
  durable_.records = Buffer(std::move(bytes));
  on_durable_();
}

void SimTouchLog::process_ended(bool power_lost) {
  for (std::size_t landed = 0; !on_its_way_.empty(); ++landed) {
    if (landing_ ? landed >= *landing_ : !random_.chance(50)) break;
    land();
  }
  if (power_lost && !landing_ && random_.one_in(damaged_one_in)) durable_ = {false, {}};
  landing_.reset();
  on_its_way_.clear();
}

}  // namespace lockstep::sim
