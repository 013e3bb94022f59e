#include "sim/world/mix.h"

#include <array>

namespace lockstep::sim {

namespace {

bool select_faults(std::string_view profile, Mix& mix, Random& random) {
  const bool all = profile == "all";
  const auto drawn = [&](std::string_view kind, std::uint32_t percent) {
    // A kind's own profile always has it; "all" has it in part of the runs.
    const bool chosen = random.chance(percent);
    return profile == kind || (all && chosen);
  };
  mix.delays = drawn("network", 50);
  mix.resets = drawn("network", 40);
  mix.one_way_cuts = drawn("network", 35);
  mix.two_way_cuts = drawn("network", 35);
  mix.process_crashes = drawn("crash", 50);
  mix.witness_crashes = drawn("crash", 25);
  mix.power_losses = drawn("power", 40);
  mix.power_lost_together = drawn("power", 20) && mix.power_losses;
  mix.pauses = drawn("pause", 35);
  mix.commands = drawn("commands", 35);
  return all || profile == "calm" || profile == "network" || profile == "crash" || profile == "power" ||
         profile == "pause" || profile == "commands";
}

}  // namespace

std::optional<Mix> draw_mix(std::string_view profile, Random& random) {
  Mix mix;
  if (!select_faults(profile, mix, random)) return std::nullopt;
  mix.durability = random.pick(std::array{engine::Durability::commit, engine::Durability::replicated,
                                          engine::Durability::replicated, engine::Durability::durable});
  mix.timeout = random.between(500, 3000) * one_ms;
  // Clocks as bad as these are rare; as a declared bound they make the allowance for them visible.
  mix.clock_drift_per_mille = random.chance(50) ? 10 : 100;
  mix.faults_last = random.between(15, 45) * one_second;
  mix.operations = static_cast<std::uint32_t>(random.between(60, 300));
  mix.requests_at_once = static_cast<std::uint32_t>(random.between(1, 12));
  mix.prefilled_objects = random.chance(50) ? static_cast<std::uint32_t>(random.between(1, 30)) : 0;
  mix.prefill_other = random.chance(30);
  mix.sync_percent = random.pick(std::array{0U, 5U, 15U, 40U});
  mix.large_write_percent = random.pick(std::array{0U, 2U, 10U});
  return mix;
}

}  // namespace lockstep::sim
