#include "sim/faults/freeze.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Freeze::happen(World& world) const {
  Machine& machine = world.machine(place);
  if (!machine.running() || machine.paused()) return;
  machine.pause();
  const bool clock_too = !is_node(place) || !world.node(node_at(place)).mount().is_open();
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
