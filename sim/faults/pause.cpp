#include "sim/faults/pause.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Pause::happen(World& world) const {
  world.machine(place).pause();
  world.scheduler().at(world.now() + length, [&world, place = place] { world.machine(place).resume(); });
}

std::string Pause::text() const { return std::string(to_string(place)) + " is frozen for " + in_ms(length); }

}  // namespace lockstep::sim
