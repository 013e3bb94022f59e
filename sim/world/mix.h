// What one seed's run is made of: drawn from the seed, each run with whole kinds of trouble left out (swarm testing:
// Groce et al., "Swarm Testing", 2012), since what never happens together hides less.
#pragma once

#include "engine/settings.h"
#include "sim/random.h"
#include "sim/scheduler.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lockstep::sim {

struct Mix {
  engine::Durability durability = engine::Durability::replicated;
  Time timeout = 2 * one_second;
  Time faults_last = 30 * one_second;
  std::int64_t clock_drift_per_mille = 10;

  bool delays = false;
  bool resets = false;
  bool one_way_cuts = false;
  bool two_way_cuts = false;
  bool process_crashes = false;
  bool power_losses = false;
  bool power_lost_together = false;  ///< now and then both nodes lose power at once
  bool witness_crashes = false;
  bool pauses = false;
  bool commands = false;

  /// Whether anything at all may go wrong, or be commanded.
  [[nodiscard]] bool disturbed() const {
    return resets || one_way_cuts || two_way_cuts || process_crashes || power_losses || witness_crashes || pauses ||
           commands || delays;
  }

  std::uint32_t operations = 200;
  std::uint32_t requests_at_once = 4;
  std::uint32_t prefilled_objects = 0;
  bool prefill_other = false;  ///< the other node's directory holds something else
  std::uint32_t sync_percent = 10;
  std::uint32_t large_write_percent = 2;
};

/// `profile`: "all" (the default), "calm", "network", "crash", "power", "pause", "commands"; nothing for another.
std::optional<Mix> draw_mix(std::string_view profile, Random& random);

}  // namespace lockstep::sim
