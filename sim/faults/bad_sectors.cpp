#include "sim/faults/bad_sectors.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void BadSectors::happen(World& world) const {
  SimVolume& volume = world.node(node).volume();
  for (std::uint32_t i = 0; i < sectors; ++i) volume.spoil_sector();
  world.scheduler().at(world.now() + length, [&volume] { volume.trouble().unreadable.clear(); });
}

std::string BadSectors::text() const {
  return std::to_string(sectors) + " sectors on " + std::string(to_string(node)) + "'s disk cannot be read for " +
         in_ms(length);
}

}  // namespace lockstep::sim
