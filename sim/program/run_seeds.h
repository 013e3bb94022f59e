// Many seeds, on several processes: a planted bug is global to its process, and a crash ends one of them only.
#pragma once

#include "sim/simulate.h"

#include <cstdint>

namespace lockstep::sim {

struct RunOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 100;
  Choice choice;
  unsigned jobs = 1;
  bool json = false;
  bool twice = false;  ///< each seed is run twice; the two hashes must be equal
  bool keep_going = false;
};

/// Prints the summary; 0 clean, 1 an invariant was broken.
int run_seeds(const RunOptions& options);

}  // namespace lockstep::sim
