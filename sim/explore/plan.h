// The faults that can strike a history, and which of them come to the same.
//
// A boundary is the instant before anything that happens between the first request and the end of the history: a
// delivery to an engine, a frame's arrival, a volume's turn, a landing in a journal, a completed sync. A fault leads to
// the same world at two boundaries if nothing between them had to do with what it strikes (Mazurkiewicz's traces; as in
// Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996). What follows from such a fault
// happens at times that do not depend on the boundary; a fault that others notice at once concerns everything.
#pragma once

#include "sim/explore/short_history.h"
#include "sim/explore/strike.h"

#include <vector>

namespace lockstep::sim {

struct Occasion {
  std::size_t boundary;
  std::size_t same_as;  ///< the first boundary at which the strike leads to the same world
  Strike strike;
};

struct Plan {
  std::size_t boundaries = 0;
  std::vector<Occasion> occasions;
};

/// Runs the history undisturbed. Throws Violation.
Plan plan(const ShortHistory& history);

}  // namespace lockstep::sim
