#include "sim/simulate.h"

#include "sim/checkers/checkers.h"
#include "sim/scenario/named/named.h"
#include "sim/world/event_log.h"

namespace lockstep::sim {

RunResult simulate(const Scenario& scenario, const Attach& attach, const World::Script& script) {
  install_check_handler();
  World world(scenario);
  if (attach) attach(world);
  Checkers checkers(world);
  if (scenario.named == nullptr || script) return world.run(script);

  Director director(world);
  std::string not_reached;
  RunResult result = world.run([&](World&) {
    try {
      scenario.named->direct(director);
    } catch (const NotReached& missing) {
      not_reached = missing.what;
      director.say("not reached: " + missing.what);
    }
    director.disarm();
  });
  result.not_reached = std::move(not_reached);
  return result;
}

RunResult simulate(std::uint64_t seed, const Choice& choice, std::ostream* log) {
  std::optional<EventLog> event_log;
  return simulate(draw_scenario(seed, choice), [&](World& world) {
    if (log != nullptr) world.observers().add(event_log.emplace(world.scheduler(), *log));
  });
}

}  // namespace lockstep::sim
