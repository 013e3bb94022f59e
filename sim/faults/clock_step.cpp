#include "sim/faults/clock_step.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void ClockStep::happen(World& world) const { world.node(node).volume().step_wall_clock(back ? -by : by); }

std::string ClockStep::text() const {
  return std::string(to_string(node)) + "'s wall clock jumps " + (back ? "back" : "on") + " by " +
         std::to_string(by / one_second) + " s";
}

}  // namespace lockstep::sim
