// Up to where two nodes' trees are known to have been equal on both disks.
#pragma once

#include "engine/values/file_id.h"
#include "engine/values/strong.h"

#include <algorithm>
#include <cstdint>

namespace lockstep::engine {

/// A place of a primary's stream up to which both nodes had everything on disk.
struct CommonCheckpoint {
  Epoch reign;
  Lsn lsn;
  Period opens = 0;  ///< the period that began there: what has an earlier identity was covered by it

  constexpr auto operator<=>(const CommonCheckpoint&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.reign, self.lsn, self.opens); }
};

/// One node's knowledge, kept in its journal. All of its positions belong to `base`.
struct CommonGround {
  /// Drawn at a common checkpoint of two nodes that had no base in common; 0: anything may differ, whatever is listed.
  std::uint64_t base = 0;
  CommonCheckpoint synced;  ///< this node's disk held all of it
  CommonCheckpoint cooled;  ///< and this node has given up what it had listed before it, since the other's did too

  bool operator==(const CommonGround&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.base, self.synced, self.cooled); }
};

/// Whether what both nodes have listed covers all that differs between them. What a node has given up the other must
/// have had on disk: an older copy of a disk has not.
constexpr bool cover_together(const CommonGround& a, const CommonGround& b) {
  return a.base != 0 && a.base == b.base && a.cooled <= b.synced && b.cooled <= a.synced;
}

/// What is as young as this may differ without being listed itself: its directory is.
constexpr Period young_from(const CommonGround& a, const CommonGround& b) {
  return std::min(a.cooled.opens, b.cooled.opens);
}

}  // namespace lockstep::engine
