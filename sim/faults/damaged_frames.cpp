#include "sim/faults/damaged_frames.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void DamagedFrames::happen(World& world) const {
  Cable& cable = world.cable(wire);
  cable.weather().damage_one_in = one_in;
  world.scheduler().at(world.now() + length, [&cable] { cable.weather().damage_one_in = 0; });
}

std::string DamagedFrames::text() const {
  return std::string(to_string(wire)) + " flips a bit in one of " + std::to_string(one_in) + " frames for " +
         in_ms(length);
}

}  // namespace lockstep::sim
