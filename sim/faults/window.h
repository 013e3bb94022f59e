// When faults may begin. Whatever they do ends with the window too, when the world is healed.
#pragma once

#include "sim/random.h"
#include "sim/scheduler.h"

namespace lockstep::sim {

struct Window {
  Time begin;
  Time end;
  Time timeout;  ///< the cluster's: what happens at the moment when somebody gives up waiting
  [[nodiscard]] Time draw(Random& random) const { return random.between(begin, end - 1); }
};

}  // namespace lockstep::sim
