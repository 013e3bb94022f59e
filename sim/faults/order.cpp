#include "sim/faults/order.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Order::happen(World& world) const {
  if (world.node(node).running()) world.node(node).console().give(command);
}

std::string Order::text() const {
  return std::string(to_string(node)) + " is told: " + std::string(to_string(command.verb)) +
         (command.force ? " --force" : "") + (command.full ? " --full" : "") + (command.repair ? " --repair" : "") +
         (command.cancel ? " --cancel" : "");
}

}  // namespace lockstep::sim
