// A tree that is a part of a history which does not go on: another one does, in which changes that were acknowledged
// here may be missing (an administrator has forced the other node). Or a version of a file of which nobody can tell
// whether it, or the one that replaces it, is right (an administrator has had a mismatch repaired).
#pragma once

#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep {

/// Of two histories, or, where both are one, of two nodes' versions in it.
struct Conflict {
  std::uint64_t number = 0;  ///< drawn once for each; never 0
  Epoch own;                 ///< a reign of the history that ends; 0: none is known
  Epoch winner;              ///< a reign of the one that goes on

  bool operator==(const Conflict&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.number, self.own, self.winner); }
};

/// What of a tree that loses a conflict is kept aside by now.
enum class KeptAside : std::uint8_t {
  nothing,  ///< or not all of what has to be
  part,     ///< all that may be lost in a comparison of what either node has listed
  whole,    ///< all that may be lost in any
};

}  // namespace lockstep
