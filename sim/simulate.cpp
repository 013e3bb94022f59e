#include "sim/simulate.h"

#include "sim/checkers/checkers.h"
#include "sim/world/event_log.h"

namespace lockstep::sim {

namespace {

std::optional<engine::Durability> durability_named(std::string_view name) {
  if (name == "commit") return engine::Durability::commit;
  if (name == "replicated") return engine::Durability::replicated;
  if (name == "durable") return engine::Durability::durable;
  return std::nullopt;
}

}  // namespace

bool valid(const Choice& choice) {
  Random random(0);
  return draw_mix(choice.profile, random).has_value() &&
         (choice.durability.empty() || durability_named(choice.durability).has_value());
}

RunResult simulate(std::uint64_t seed, const Choice& choice, std::ostream* log) {
  install_check_handler();
  Random random(seed);
  random.next();
  Mix mix = *draw_mix(choice.profile, random);
  if (const auto durability = durability_named(choice.durability)) mix.durability = *durability;
  World world(seed, mix, random.fork());
  std::optional<EventLog> event_log;
  if (log != nullptr) world.observers().add(event_log.emplace(world.scheduler(), *log));
  Checkers checkers(world);
  return world.run();
}

}  // namespace lockstep::sim
