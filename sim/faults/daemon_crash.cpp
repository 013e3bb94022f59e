#include "sim/faults/daemon_crash.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void DaemonCrash::happen(World& world) const {
  Node& here = world.node(node);
  if (!here.running()) return;
  here.keep_service();
  here.stop(false);
  world.scheduler().at(world.now() + down, [&world, node = node] { world.node(node).start(); });
}

std::string DaemonCrash::text() const {
  return std::string(to_string(node)) + "'s daemon is killed, and its application waits; it starts again after " +
         in_ms(down);
}

}  // namespace lockstep::sim
