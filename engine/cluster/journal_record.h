// What an engine must remember across a crash: a few numbers, stored as one record.
#pragma once

#include "engine/cluster/ballot.h"
#include "engine/resync/common_ground.h"
#include "engine/values/buffer.h"
#include "engine/values/configuration.h"
#include "engine/values/conflict.h"
#include "engine/values/node_id.h"

#include <array>
#include <optional>

namespace lockstep::engine {

/// A voter's promises. `accepted` rises in ballot only; answers leave after the record is durable.
struct VoterRecord {
  Ballot promised;
  Ballot accepted_ballot;
  Configuration accepted;

  /// Takes over what another has promised or accepted, where it is more.
  void adopt(const VoterRecord& other);

  bool operator==(const VoterRecord&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.promised, self.accepted_ballot, self.accepted); }
};

/// Whether what the volume reads is what is on its disk.
enum class CacheTrust : std::uint8_t {
  full,
  after_power_loss,  ///< a sync has failed: pages that nobody will write again may differ, until the cache is gone
  after_rewriting,   ///< the same, and whether the cache is gone cannot be told from the next Booted.retained
};

/// What one voter knows of another's journal.
struct SeenJournal {
  std::uint64_t life = 0;      ///< of the other's program, drawn at its start
  std::uint64_t sequence = 0;  ///< the highest number of a record that it was known to have on disk

  bool operator==(const SeenJournal&) const = default;
  static void fields(auto& self, auto& archive) { archive(self.life, self.sequence); }
};

/// No number in it ever goes back (I13).
struct JournalRecord {
  VoterId owner = VoterId::first;     ///< whose state this is
  std::uint64_t generation = 0;       ///< how often the program has been started on this state
  std::uint64_t sequence = 0;         ///< how many records this state has had
  std::array<SeenJournal, 3> seen{};  ///< of the voters' journals
  bool remembers = false;             ///< `voter` is all that was ever promised
  VoterRecord voter;
  Configuration decided;   ///< newest known to be decided
  bool complete = true;    ///< the tree is one node's tree, not a mixture from an unfinished resync
  std::uint64_t tree = 0;  ///< the directory that `complete` speaks of
  Epoch reign;             ///< stream position: epoch in which the stream's primary was elected
  Lsn lsn;                 ///< stream position: lower bound of what was applied
  CacheTrust cache = CacheTrust::full;
  KeptAside kept = KeptAside::nothing;  ///< in the conflict below
  CommonGround ground;                  ///< with the other node
  std::uint64_t failed_syncs = 0;       ///< since the machine was booted, that `cache` takes into account
  /// The newest reign of whose history this tree was a part: as its primary's, or brought up to date by that. 0: none
  /// is known.
  Epoch history;
  std::uint64_t conflict = 0;  ///< Conflict::number, as long as a mixture stands in the way; 0: none

  bool operator==(const JournalRecord&) const = default;
  static void fields(auto& self, auto& archive) {
    archive.ranged(self.owner, VoterId::witness);
    archive(self.generation, self.sequence, self.seen[0], self.seen[1], self.seen[2], self.remembers, self.voter,
            self.decided, self.complete, self.tree, self.reign, self.lsn);
    archive.ranged(self.cache, CacheTrust::after_rewriting);
    archive(self.ground, self.failed_syncs, self.history, self.conflict);
    archive.ranged(self.kept, KeptAside::whole);
  }
};

Buffer encode(const JournalRecord& record);
/// Nothing if the bytes are not a record of this version. An empty buffer is the record of the very first start.
std::optional<JournalRecord> decode_journal(const Buffer& bytes);

}  // namespace lockstep::engine
