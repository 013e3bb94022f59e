#include "sim/program/simulate.h"

#include "sim/checkers/checkers.h"
#include "sim/world/event_log.h"

namespace lockstep::sim {

bool known_profile(std::string_view profile) {
  Random random(0);
  return draw_mix(profile, random).has_value();
}

RunResult simulate(std::uint64_t seed, const std::string& profile, std::ostream* log) {
  install_check_handler();
  Random random(seed);
  random.next();
  const Mix mix = *draw_mix(profile, random);
  World world(seed, mix, random.fork());
  std::optional<EventLog> event_log;
  if (log != nullptr) world.observers().add(event_log.emplace(world.scheduler(), *log));
  Checkers checkers(world);
  return world.run();
}

}  // namespace lockstep::sim
