// One seed, from its number to its result.
#pragma once

#include "sim/world/world.h"

#include <ostream>
#include <string>

namespace lockstep::sim {

bool known_profile(std::string_view profile);

/// `log`: where the event log goes, or null.
RunResult simulate(std::uint64_t seed, const std::string& profile, std::ostream* log);

}  // namespace lockstep::sim
