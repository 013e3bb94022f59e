// One fault at a boundary of a history: a fault of the simulator's, with everything decided that a run of a seed draws.
#pragma once

#include "sim/faults/fault.h"
#include "sim/tag.h"
#include "sim/volume/disk.h"

#include <optional>
#include <string>
#include <vector>

namespace lockstep::sim {

struct Strike {
  std::string name;  ///< tells it from the others at one boundary
  Fault fault;
  std::size_t journal_landing = 0;  ///< records on their way that land
  std::size_t touches_landing = 0;  ///< calls of the list of touches on their way that land
  std::optional<Landing> landing;   ///< power loss of a node
  /// What it concerns: before or after any action with another footprint, it leads to the same world.
  Footprint footprint = everything_there_is;

  void happen(World& world) const;
};

/// Every fault that can strike now, in a fixed order. What breaks is repaired at `repaired_at`.
std::vector<Strike> possible_strikes(World& world, Time repaired_at);

}  // namespace lockstep::sim
