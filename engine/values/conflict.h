// A tree that is a part of a history which does not go on: another one does, in which changes that were acknowledged
// here may be missing (an administrator has forced the other node).
#pragma once

#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep {

/// Of two histories.
struct Conflict {
  std::uint64_t number = 0;  ///< drawn once for each; never 0
  Epoch own;                 ///< a reign of the history that ends; 0: none is known
  Epoch winner;              ///< a reign of the one that goes on

  bool operator==(const Conflict&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.number, self.own, self.winner); }
};

}  // namespace lockstep
