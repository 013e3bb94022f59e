// Port: looking at the application and at what it needs. Events that answer: CheckEnded, CheckPrompted.
#pragma once

#include "engine/values/strong.h"

#include <cstddef>

namespace lockstep::io {

/// `check` is the place of one in Settings::checks, everywhere.
class Checks {
 public:
  virtual ~Checks() = default;
  /// From now on the check is wanted. What it remembers of an earlier time (which process to look at) is void.
  virtual void begin(std::size_t check) = 0;
  /// Looks once. CheckEnded{ticket, check, passed, text} follows, if anything is found. How long that may take is for
  /// who asks: a look that is still under way when the next one begins, or at the end, is given up with all that was
  /// started for it, and a CheckEnded that is on its way all the same counts for nothing.
  virtual void run(Ticket ticket, std::size_t check) = 0;
  /// It is not wanted any more.
  virtual void end(std::size_t check) = 0;
};

}  // namespace lockstep::io
