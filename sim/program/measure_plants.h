// How soon each planted bug is found: the number of seeds that it takes, from several starting points.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::sim {

struct MeasureOptions {
  unsigned starts = 5;               ///< from seed 1, 100001, 200001, ...
  std::uint64_t seeds_max = 10'000;  ///< from each of them
  unsigned jobs = 1;                 ///< processes
  std::string part;                  ///< only the bugs of this part; empty: all
};

/// Prints a Markdown table, the bugs in the order of their tables. 0 if each was found from every start, by an
/// invariant (not by a crash of this program); else 1.
int measure_plants(const MeasureOptions& options);

}  // namespace lockstep::sim
