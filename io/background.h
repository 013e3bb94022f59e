// Port: computations that take too long for a step. Event that answers: WorkDone.
#pragma once

#include "engine/values/strong.h"

#include <functional>

namespace lockstep::io {

class Background {
 public:
  virtual ~Background() = default;
  /// Runs `work`, possibly on another thread and beside further steps, destroys it there, and then says
  /// WorkDone{ticket}. `work` is a pure function of what it holds, and calls no port; so when it runs decides nothing.
  virtual void run(Ticket ticket, std::function<void()> work) = 0;
};

}  // namespace lockstep::io
