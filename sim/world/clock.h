// One machine's monotonic clock: set at random, and a little too fast or too slow.
#pragma once

#include "engine/values/time.h"
#include "sim/scheduler.h"

namespace lockstep::sim {

struct DriftingClock {
  Time offset_ns = 0;
  std::int64_t drift_ppm = 0;

  [[nodiscard]] Instant at(Time true_time) const { return Instant{offset_ns + elapsed(true_time)}; }
  /// The earliest true time at which this clock shows `instant` or more.
  [[nodiscard]] Time true_time(Instant instant) const {
    const Time shown = instant.ns - offset_ns;
    Time guess = shown / (1'000'000 + drift_ppm) * 1'000'000;
    guess += shown % (1'000'000 + drift_ppm) * 1'000'000 / (1'000'000 + drift_ppm);
    while (elapsed(guess) < shown) ++guess;
    return guess;
  }

 private:
  // In two parts, so that hours of nanoseconds do not overflow.
  [[nodiscard]] Time elapsed(Time true_time) const {
    return true_time + true_time / 1'000'000 * drift_ppm + true_time % 1'000'000 * drift_ppm / 1'000'000;
  }
};

}  // namespace lockstep::sim
