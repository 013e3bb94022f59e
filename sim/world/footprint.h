// The parts of the world that an action may concern: each machine with all that runs on it, and each direction of each
// cable with the frames that are under way in it.
#pragma once

#include "sim/tag.h"
#include "sim/world/place.h"
#include "sim/world/wire.h"

namespace lockstep::sim {

constexpr std::size_t footprint_parts = 9;
constexpr Footprint every_cable = Footprint{0x3F} << 3U;

constexpr Footprint footprint_of(Place place) { return Footprint{1} << index_of(place); }
/// `side`: the one that sends, as Cable has it.
constexpr Footprint footprint_of(Wire wire, std::size_t side) { return Footprint{8} << (2 * index_of(wire) + side); }
constexpr Footprint machines_of(Footprint footprint) { return footprint & Footprint{7}; }
constexpr Footprint footprint_of(Wire wire) { return footprint_of(wire, 0) | footprint_of(wire, 1); }

}  // namespace lockstep::sim
