// What an engine must remember across a crash: a few numbers, stored as one record.
#pragma once

#include "engine/cluster/ballot.h"
#include "engine/values/buffer.h"
#include "engine/values/configuration.h"

#include <optional>

namespace lockstep::engine {

/// A voter's promises. `accepted` rises in ballot only; answers leave after the record is durable.
struct VoterRecord {
  Ballot promised;
  Ballot accepted_ballot;
  Configuration accepted;

  bool operator==(const VoterRecord&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.promised, self.accepted_ballot, self.accepted); }
};

/// No number in it ever goes back (I13).
struct JournalRecord {
  std::uint64_t generation = 0;  ///< how often the program has been started on this state
  VoterRecord voter;
  Configuration decided;  ///< newest known to be decided
  bool complete = true;   ///< the tree is one node's tree, not a mixture from an unfinished resync
  Epoch reign;            ///< stream position: epoch in which the stream's primary was elected
  Lsn lsn;                ///< stream position: lower bound of what was applied

  bool operator==(const JournalRecord&) const = default;
  static void fields(auto& self, auto& archive) {
    archive(self.generation, self.voter, self.decided, self.complete, self.reign, self.lsn);
  }
};

Buffer encode(const JournalRecord& record);
/// Nothing if the bytes are not a record of this version. An empty buffer is the record of the very first start.
std::optional<JournalRecord> decode_journal(const Buffer& bytes);

}  // namespace lockstep::engine
