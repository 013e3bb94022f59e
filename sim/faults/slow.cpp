#include "sim/faults/slow.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Slow::happen(World& world) const {
  Cable& cable = world.cable(wire);
  cable.weather() = {longest, 2 * longest, 20};
  world.scheduler().at(world.now() + length, [&cable] { cable.weather() = {}; });
}

std::string Slow::text() const {
  return std::string(to_string(wire)) + " is slow: up to " + in_ms(longest) + " a frame, for " + in_ms(length);
}

}  // namespace lockstep::sim
