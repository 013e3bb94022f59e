#include "sim/scenario/scenario.h"

#include "sim/faults/kinds.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {

constexpr Time faults_begin = 3 * one_second;
constexpr int calm_percent = 2;  ///< of all seeds have no fault

}  // namespace

bool valid(const Choice& choice) {
  return known_profile(choice.profile) &&
         (choice.durability.empty() || named<engine::Durability>(choice.durability).has_value()) &&
         (choice.scenario.empty() || find_named(choice.scenario) != nullptr);
}

Scenario draw_scenario(std::uint64_t seed, const Choice& choice) {
  Scenario scenario;
  scenario.seed = seed;
  Random kinds = Random::keyed(seed, "kinds");
  Random mix = Random::keyed(seed, "mix");
  scenario.mix = draw_mix(mix);
  if (!choice.scenario.empty()) {
    // A script counts on a cluster that comes up as usual, not on one made narrow to reach the engine's limits.
    Mix& plain = scenario.mix;
    plain.start_at_boot = true;
    plain.two_firsts = plain.few_requests = plain.small_window = plain.small_messages = false;
    plain.little_patience = plain.slow_volumes = plain.checks = plain.swaps_back = plain.shared_witness = false;
  }
  if (const auto durability = named<engine::Durability>(choice.durability)) scenario.mix.durability = *durability;
  if (const NamedScenario* script = find_named(choice.scenario)) {
    Random prepare = Random::keyed(seed, "prepare");
    if (script->prepare != nullptr) script->prepare(scenario.mix, prepare);
    scenario.named = script;
    scenario.disturbed = true;
    return scenario;
  }
  // With so many kinds hardly a seed would draw none at all, and what must not happen then would hardly be seen.
  if (choice.profile == "store") scenario.mix.shared_witness = true;
  if (choice.profile == "isolation") {
    Random isolation = Random::keyed(seed, "isolation");
    draw_isolation(scenario.mix, isolation);
  }
  const bool calm = choice.profile == "all" && Random::keyed(seed, "calm").chance(calm_percent);
  const KindSet chosen = draw_kinds(calm ? "calm" : choice.profile, kinds);
  const Window window{faults_begin, faults_begin + scenario.mix.faults_last, scenario.mix.timeout};
  scenario.faults = draw_faults(chosen, seed, window);
  scenario.disturbed = !scenario.faults.empty();
  return scenario;
}

}  // namespace lockstep::sim
