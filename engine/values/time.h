// Time as the engine knows it: nanoseconds of one node's monotonic clock, comparable on that node only.
#pragma once

#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep {

struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
};

struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
};

inline constexpr std::int64_t ns_per_second = 1'000'000'000;

constexpr Duration milliseconds(std::int64_t count) { return Duration{count * 1'000'000}; }
constexpr Instant operator+(Instant at, Duration by) { return Instant{at.ns + by.ns}; }
constexpr Duration operator-(Instant later, Instant earlier) { return Duration{later.ns - earlier.ns}; }
constexpr Duration operator+(Duration a, Duration b) { return Duration{a.ns + b.ns}; }
constexpr Duration operator*(Duration a, std::int64_t factor) { return Duration{a.ns * factor}; }
constexpr Duration operator/(Duration a, std::int64_t divisor) { return Duration{a.ns / divisor}; }

}  // namespace lockstep
