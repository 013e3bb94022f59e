// Many seeds, on several processes.
#pragma once

#include "sim/program/configured_module.h"
#include "sim/program/shard.h"
#include "sim/scenario/scenario.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::sim {

struct RunOptions {
  SeedRange seeds;
  Shard shard;
  Choice choice;
  std::optional<ConfiguredModule> module;  ///< whose settings are tried
  /// With `module`: one failure a run, instead of the choice's faults.
  bool single_failures = false;
  std::vector<std::string> plants;  ///< by name; they are switched on already
  unsigned jobs = 1;
  std::chrono::seconds seed_max{0};  ///< of real time, for one seed; zero: no limit
  bool json = false;
  bool twice = false;   ///< each seed is run twice; the two hashes must be equal
  bool replay = false;  ///< every engine is recorded, and each recording must replay to the same decisions
  bool hashes = false;  ///< the report has each seed's hash
  bool progress = false;
  bool keep_going = false;
  bool coverage = false;  ///< marks and rows of the role table must all be reached
};

/// Prints the report; the exit status: clean or violated.
int run_seeds(const RunOptions& options);

}  // namespace lockstep::sim
