// One run, from its scenario to its result.
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

#include <functional>
#include <ostream>

namespace lockstep::sim {

/// Adds observers of one's own to a world that is about to run; they live as long as the world.
using Attach = std::function<void(World& world)>;

/// Runs a scenario under every checker. With `script`, that directs the run instead of the scenario's own faults or
/// name.
RunResult simulate(const Scenario& scenario, const Attach& attach = {}, const World::Script& script = {});

/// `log`: where the event log goes, or null.
RunResult simulate(std::uint64_t seed, const Choice& choice, std::ostream* log);

}  // namespace lockstep::sim
