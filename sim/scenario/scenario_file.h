// A scenario as a small text file (TOML), and back: to keep a run that fails, to change it by hand, to run it again.
#pragma once

#include "sim/scenario/scenario.h"

#include <stdexcept>
#include <string>
#include <string_view>

namespace lockstep::sim {

/// The text is not that of a scenario: says in which line, at which field, and what belongs there.
struct ScenarioError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string scenario_to_toml(const Scenario& scenario);
/// What scenario_to_toml() wrote, or somebody changed since. Throws ScenarioError.
Scenario scenario_from_toml(std::string_view text);

}  // namespace lockstep::sim
