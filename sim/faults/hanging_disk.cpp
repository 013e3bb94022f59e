#include "sim/faults/hanging_disk.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void HangingDisk::happen(World& world) const {
  SimVolume& volume = world.node(node).volume();
  volume.hang();
  world.scheduler().at(world.now() + length, [&volume] { volume.resume(); });
}

std::string HangingDisk::text() const { return std::string(to_string(node)) + "'s disk hangs for " + in_ms(length); }

}  // namespace lockstep::sim
