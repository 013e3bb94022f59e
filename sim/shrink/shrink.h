// The smallest scenario that still breaks the same invariant.
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

#include <cstdint>
#include <functional>

namespace lockstep::sim {

struct ShrinkLimits {
  std::uint64_t runs_max = 100'000;
  /// Asked before each run; shrinking ends with what it has when this says so.
  std::function<bool()> time_is_up = [] { return false; };
};

struct Shrunk {
  Scenario scenario;
  RunResult result;  ///< of `scenario`: its violation is of the same invariant
  std::uint64_t runs = 0;
  bool finished = false;  ///< nothing smaller was found; otherwise a limit was reached first
};

/// `result`: of `scenario`; it must have a violation.
Shrunk shrink(const Scenario& scenario, const RunResult& result, const ShrinkLimits& limits);

}  // namespace lockstep::sim
