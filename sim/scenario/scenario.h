// Everything that is decided about a run before it begins. A value: it can be printed, changed and made smaller, and
// the same scenario is the same run everywhere.
//
// Each seed switches whole kinds of trouble off (swarm testing: Groce et al., "Swarm Testing", ISSTA 2012), since what
// never happens together hides less.
#pragma once

#include "sim/faults/fault.h"
#include "sim/scenario/mix.h"
#include "sim/workload/turns.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

struct NamedScenario;

/// What is chosen for all seeds; the rest each seed draws.
struct Choice {
  std::string profile = "all";
  std::string durability;     ///< empty: drawn
  std::string scenario = {};  ///< of a name, in place of drawn faults; empty: none
};

/// Whether profile, durability and scenario are of a known name.
bool valid(const Choice& choice);

struct Scenario {
  /// Of what is drawn on the way: delays, what lands at a power loss, the users' operations. Every place that draws
  /// has numbers of its own, so that leaving a fault or an operation out does not reshuffle the rest.
  std::uint64_t seed = 0;
  Mix mix;
  /// An administrator's, where they are given; else the world makes them of `mix`.
  std::optional<engine::Settings> settings;
  std::vector<Fault> faults;             ///< in order of time
  const NamedScenario* named = nullptr;  ///< directs the run in place of `faults`
  /// Turns in which users ask for nothing: in order, without overlap.
  std::vector<Turns> left_out;
  /// Something or somebody interferes, by `faults` or by a script: nodes may rightly be left out.
  bool disturbed = false;
  /// Every machine, cable and disk is as fast as it ever is, all the time: nothing is drawn.
  bool steady = false;
};

Scenario draw_scenario(std::uint64_t seed, const Choice& choice);

}  // namespace lockstep::sim
