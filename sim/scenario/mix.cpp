#include "sim/scenario/mix.h"

#include <array>

namespace lockstep::sim {

Mix draw_mix(Random& random) {
  Mix mix;
  mix.durability = random.pick(std::array{engine::Durability::commit, engine::Durability::replicated,
                                          engine::Durability::replicated, engine::Durability::durable});
  mix.timeout = random.between(500, 3000) * one_ms;
  // Clocks as bad as these are rare; as a declared bound they make the allowance for them visible.
  mix.clock_drift_per_mille = random.chance(50) ? 10 : 100;
  mix.faults_last = random.between(15, 45) * one_second;
  mix.start_at_boot = !random.chance(10);
  mix.two_firsts = random.chance(10);
  mix.few_requests = random.chance(10);
  mix.small_window = random.chance(20);
  mix.small_messages = random.chance(40);
  mix.little_patience = random.chance(15);
  mix.slow_volumes = random.chance(20);
  mix.operations = static_cast<std::uint32_t>(random.chance(8) ? random.between(1000, 2000) : random.between(60, 300));
  mix.requests_at_once = static_cast<std::uint32_t>(random.between(1, 12));
  mix.prefilled_objects = random.chance(50) ? static_cast<std::uint32_t>(random.between(1, 30)) : 0;
  mix.prefill_other = random.chance(30);
  mix.sync_percent = random.pick(std::array{0U, 5U, 15U, 40U});
  mix.large_write_percent = random.pick(std::array{0U, 2U, 10U});
  mix.slow_resync = random.chance(10);
  mix.verifies_often = random.chance(25);
  mix.checks = random.chance(50);
  mix.swaps_back = random.chance(30);
  mix.restarts_max = static_cast<std::uint32_t>(random.between(0, 4));
  mix.shared_witness = random.chance(25);
  return mix;
}

void draw_isolation(Mix& mix, Random& random) {
  mix.shared_witness = false;
  mix.isolation = random.chance(65) ? engine::Isolation::takeover : engine::Isolation::wait;
}

}  // namespace lockstep::sim
