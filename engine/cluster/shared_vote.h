// The promises of a witness whose lives, in several programs at once, share one record (engine/witness_seat.h).
#pragma once

#include "engine/cluster/journal_record.h"
#include "engine/wire/message.h"

#include <array>
#include <cstdint>
#include <optional>

namespace lockstep::engine {

/// What a witness of its own keeps in memory stands here beside its journal's record, because another life must know
/// of it.
struct SharedVote {
  JournalRecord record;
  /// How often a lease was granted, or passed on by a vote for another primary: a life that finds another number than
  /// before counts the newest grant from then on, which is later than it was given.
  std::uint64_t grants = 0;
  NodeId granted_to = NodeId::first;
  /// How often it was found that promises may have been forgotten.
  std::uint64_t forgettings = 0;
  /// While `record` does not hold all that was ever promised: what each node has said since, each to a life of its
  /// own. `life` 0: nothing yet.
  std::array<VoterMemory, 2> heard;

  static void fields(auto& self, auto& archive) {
    archive(self.record, self.grants);
    archive.ranged(self.granted_to, NodeId::second);
    archive(self.forgettings, self.heard[0], self.heard[1]);
  }
};

Buffer encode(const SharedVote& vote);
/// Nothing if the bytes are not of this version. An empty buffer is the vote of the very first start.
std::optional<SharedVote> decode_shared_vote(const Buffer& bytes);

}  // namespace lockstep::engine
