// One seed, from its number to its result.
#pragma once

#include "sim/world/world.h"

#include <ostream>
#include <string>

namespace lockstep::sim {

/// What is chosen for all seeds; the rest each seed draws.
struct Choice {
  std::string profile = "all";
  std::string durability;  ///< empty: drawn
};

/// Whether profile and durability are of a known name.
bool valid(const Choice& choice);

/// `log`: where the event log goes, or null.
RunResult simulate(std::uint64_t seed, const Choice& choice, std::ostream* log);

}  // namespace lockstep::sim
