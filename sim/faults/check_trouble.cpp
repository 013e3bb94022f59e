#include "sim/faults/check_trouble.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void CheckTrouble::happen(World& world) const {
  SimChecks& checks = world.node(node).checks();
  checks.set_conduct(check, conduct);
  world.scheduler().at(world.now() + length,
                       [&checks, check = check] { checks.set_conduct(check, CheckConduct::honest); });
}

std::string CheckTrouble::text() const {
  constexpr std::string_view ways[] = {"is honest", "hangs",  "says that all is well", "says that nothing is well",
                                       "wavers",    "is slow"};
  return std::string(to_string(node)) + "'s check " + std::to_string(check) + " " +
         std::string(ways[static_cast<std::size_t>(conduct)]) + " for " + in_ms(length);
}

}  // namespace lockstep::sim
