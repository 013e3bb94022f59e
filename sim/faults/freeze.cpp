#include "sim/faults/freeze.h"

#include "sim/world/world.h"

namespace lockstep::sim {

namespace {
/// Also on its way up and down.
bool is_primary(const Node& node) {
  const engine::Role role = node.condition().role;
  return role == engine::Role::prim || role == engine::Role::alone;
}
}  // namespace

void Freeze::happen(World& world) const {
  Machine& machine = world.machine(place);
  if (!machine.running() || machine.paused()) return;
  machine.pause();
  const bool clock_too = !is_node(place) || !is_primary(world.node(node_at(place)));
  world.scheduler().at(world.now() + length,
                       [&world, &machine, clock_too, since = world.now(), awakenings = machine.awakenings()] {
                         if (!machine.paused() || machine.awakenings() != awakenings) return;
                         if (clock_too) machine.clock_stood_still(world.now() - since);
                         machine.resume();
                       });
}

std::string Freeze::text() const {
  return std::string(to_string(place)) + " is suspended for " + in_ms(length) + ", its clock stands still";
}

}  // namespace lockstep::sim
