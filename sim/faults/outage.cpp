#include "sim/faults/outage.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Outage::happen(World& world) const {
  world.machine(place).stop(power_lost);
  world.scheduler().at(world.now() + down, [&world, place = place] { world.machine(place).start(); });
}

std::string Outage::text() const {
  return std::string(to_string(place)) + (power_lost ? " loses power" : " is killed") + ", starts again after " +
         in_ms(down);
}

}  // namespace lockstep::sim
