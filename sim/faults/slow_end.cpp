#include "sim/faults/slow_end.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void SlowEnd::happen(World& world) const {
  Node& here = world.node(node);
  here.application().set_kill_max(longest);
  here.mount().set_close_max(longest);
  world.scheduler().at(world.now() + length, [&here] {
    here.application().set_kill_max(SimApplication::healthy_kill_max);
    here.mount().behave();
  });
}

std::string SlowEnd::text() const {
  return std::string(to_string(node)) + "'s killed processes and mount are gone only after up to " + in_ms(longest) +
         ", for " + in_ms(length);
}

}  // namespace lockstep::sim
