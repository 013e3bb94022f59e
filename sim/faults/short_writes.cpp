#include "sim/faults/short_writes.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void ShortWrites::happen(World& world) const {
  SimVolume& volume = world.node(node).volume();
  volume.trouble().short_write_one_in = one_in;
  world.scheduler().at(world.now() + length, [&volume] { volume.trouble().short_write_one_in = 0; });
}

std::string ShortWrites::text() const {
  return std::string(to_string(node)) + "'s disk cuts one in " + std::to_string(one_in) + " writes short for " +
         in_ms(length);
}

}  // namespace lockstep::sim
