// A scenario for people.
#pragma once

#include "sim/scenario/scenario.h"

#include <string>

namespace lockstep::sim {

/// Several lines, each ended: the mix, what users leave out, and each fault with its time.
std::string in_words(const Scenario& scenario);

}  // namespace lockstep::sim
