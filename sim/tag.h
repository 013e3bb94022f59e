// What an action of the scheduler concerns, for whoever explores the orders in which actions may happen.
#pragma once

#include <cstdint>

namespace lockstep::sim {

/// A set of parts of the world (sim/world/footprint.h says which). Two actions whose footprints share nothing lead to
/// the same world in either order.
using Footprint = std::uint32_t;

constexpr Footprint everything_there_is = ~Footprint{0};

struct Tag {
  Footprint footprint = everything_there_is;
  /// Of an event for an engine: those of one lane come in their order, those of different lanes in any. 0: no event.
  std::uint32_t lane = 0;
};

}  // namespace lockstep::sim
