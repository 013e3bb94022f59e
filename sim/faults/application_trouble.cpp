#include "sim/faults/application_trouble.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void ApplicationTrouble::happen(World& world) const {
  SimApplication& application = world.node(node).application();
  const Time ends = world.now() + length;
  switch (failing) {
    case Failing::dies: return application.die();
    case Failing::hangs:
      application.hang();
      return world.scheduler().at(ends, [&application] { application.recover(); });
    case Failing::flaps:
      application.flap(true);
      application.die();
      return world.scheduler().at(ends, [&application] { application.flap(false); });
  }
}

std::string ApplicationTrouble::text() const {
  const std::string whose = std::string(to_string(node)) + "'s application ";
  if (failing == Failing::dies) return whose + "dies";
  return whose + (failing == Failing::hangs ? "hangs" : "dies, and again after each start,") + " for " + in_ms(length);
}

}  // namespace lockstep::sim
