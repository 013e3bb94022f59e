#include "sim/faults/server_trouble.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void ServerTrouble::happen(World& world) const {
  SimChecks& checks = world.node(node).checks();
  checks.set_lacking(true);
  world.scheduler().at(world.now() + length, [&checks] { checks.set_lacking(false); });
}

std::string ServerTrouble::text() const {
  return std::string(to_string(node)) + " lacks what it must have to serve for " + in_ms(length);
}

}  // namespace lockstep::sim
