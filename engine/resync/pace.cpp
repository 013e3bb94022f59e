#include "engine/resync/pace.h"

#include <algorithm>

namespace lockstep::engine {

namespace {
/// An application that has asked for nothing for so long does not wait for anything.
constexpr Duration application_idle_after = milliseconds(200);
/// However slow a piece was, the next one begins after this: a resync ends (I9).
constexpr Duration rest_max = milliseconds(50);
constexpr std::int64_t whole_percent = 100;

Duration time_at_rate(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  return Duration{static_cast<std::int64_t>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second) *
                                            static_cast<double>(ns_per_second))};
}
}  // namespace

bool Pace::application_busy() const {
  return application_worked_ != Instant{} && context_.now - application_worked_ < application_idle_after;
}

bool Pace::admits(std::size_t under_way) {
  const bool one_at_a_time = application_busy() || context_.settings.resync_bytes_per_second_max != 0;
  if (one_at_a_time && under_way != 0) return false;
  const Instant not_before = application_busy() ? std::max(rests_until_, sent_until_) : sent_until_;
  if (context_.now >= not_before) return true;
  context_.mark(sent_until_ >= rests_until_ ? Mark::pace_keeps_rate : Mark::pace_rests);
  context_.ports.timers.arm(io::TimerId::pace, not_before);
  return false;
}

void Pace::ended(Instant begun, std::uint64_t bytes) {
  const Settings& settings = context_.settings;
  if (application_busy()) {
    const std::int64_t share = settings.resync_share_percent;
    rests_until_ = context_.now + std::min((context_.now - begun) * (whole_percent - share) / share, rest_max);
  }
  if (settings.resync_bytes_per_second_max != 0) {
    sent_until_ = std::max(sent_until_, context_.now) + time_at_rate(bytes, settings.resync_bytes_per_second_max);
  }
}

void Pace::abandon() {
  rests_until_ = sent_until_ = Instant{};
  context_.ports.timers.cancel(io::TimerId::pace);
}

}  // namespace lockstep::engine
