// Stretches of time, and what is left of them without others.
#pragma once

#include "sim/scheduler.h"

#include <vector>

namespace lockstep::sim {

/// [begin, end)
struct Interval {
  Time begin = 0;
  Time end = 0;
  [[nodiscard]] Time length() const { return end - begin; }
  bool operator==(const Interval&) const = default;
};

/// In order, disjoint, none of them empty; what touches is one.
using Intervals = std::vector<Interval>;

/// Of any intervals, in any order.
Intervals united(std::vector<Interval> any);
Intervals without(const Intervals& from, const Intervals& what);
Time length_of(const Intervals& these);

}  // namespace lockstep::sim
