// The same scenario on both sides, and the comparison.
#pragma once

#include "props/posix/scene.h"

#include <functional>
#include <string>

namespace lockstep::posix {

using Scenario = std::function<void(Scene&)>;

/// The two directories, absolute; new directories are made in them and stay, for the replica to be compared.
struct Roots {
  std::string mount;
  std::string beside;
};
void set_roots(Roots roots);

/// Plays the scenario in a new directory of each side. Returns what differs, or is not as the scenario requires;
/// empty: nothing.
std::string difference(const Scenario& scenario);
/// Expects that there is none.
void both(const Scenario& scenario);

}  // namespace lockstep::posix
