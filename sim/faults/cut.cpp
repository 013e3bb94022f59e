#include "sim/faults/cut.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Cut::happen(World& world) const {
  Cable& cable = world.cable(wire);
  if (from_left) cable.cut(0);
  if (from_right) cable.cut(1);
  world.scheduler().at(world.now() + length, [&cable] { cable.heal(); });
}

std::string Cut::text() const {
  const auto ends = ends_of(wire);
  const std::string which = from_left && from_right ? std::string(to_string(wire))
                            : from_left ? std::string(to_string(ends[0])) + " to " + std::string(to_string(ends[1]))
                                        : std::string(to_string(ends[1])) + " to " + std::string(to_string(ends[0]));
  return "cut " + which + " for " + in_ms(length);
}

}  // namespace lockstep::sim
