// What the programs of one module say to each other. A message belongs to the connection on which it came; none
// has a meaning after that connection has ended.
#pragma once

#include "engine/cluster/ballot.h"
#include "engine/cluster/journal_record.h"
#include "engine/resync/common_ground.h"
#include "engine/resync/touch.h"
#include "engine/values/configuration.h"
#include "engine/values/manifest.h"
#include "engine/values/operation.h"
#include "engine/values/strong.h"
#include "engine/values/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace lockstep::engine {

// --- presence, leases ---

/// What a node says of itself with every heartbeat.
struct NodeState {
  std::uint64_t generation = 0;         ///< start count: rises with every start of the program
  Configuration decided;                ///< the newest configuration it knows to be decided
  bool complete = false;                ///< its tree is one node's tree, not a mixture from an unfinished resync
  bool intact = false;                  ///< it lost nothing that it ever acknowledged
  bool running = false;                 ///< not in STOP
  bool primary = false;                 ///< acts as the primary of `decided`
  bool admits = false;                  ///< primary that takes a returning node in now
  std::uint64_t resync_bytes_left = 0;  ///< while it is being brought up to date
  std::uint64_t resync_bytes_total = 0;
  bool fit = true;             ///< no check says that it must not serve
  bool failed_lately = false;  ///< the application failed there within the window of restarts

  static void fields(auto& self, auto& archive) {
    archive(self.generation, self.decided, self.complete, self.intact, self.running, self.primary, self.admits,
            self.resync_bytes_left, self.resync_bytes_total, self.fit, self.failed_lately);
  }
};

/// What a voter says of its own memory (engine/cluster/recollection.h).
struct VoterMemory {
  std::uint64_t life = 0;         ///< of the sender's program, drawn at its start
  std::uint64_t found = 0;        ///< how many records its journal had then
  std::uint64_t sequence = 0;     ///< how many it has on disk now
  std::uint64_t your_life = 0;    ///< the receiver's life that the sender has heard of; 0: of none yet
  std::uint64_t seen_of_you = 0;  ///< the highest number of a record that the receiver was ever known to have on disk
  bool you_are_older = false;     ///< and in this life of yours you began with fewer
  bool remembers = false;         ///< the sender knows all that it ever promised
  VoterRecord votes;
  static void fields(auto& self, auto& archive) {
    archive(self.life, self.found, self.sequence, self.your_life, self.seen_of_you, self.you_are_older, self.remembers,
            self.votes);
  }
};

struct Heartbeat {
  Instant sent_at;           ///< by the sender's clock; only echoed
  bool wants_lease = false;  ///< asks to be granted the primary's lease for state.decided
  NodeState state;
  VoterMemory memory;
  static void fields(auto& self, auto& archive) { archive(self.sent_at, self.wants_lease, self.state, self.memory); }
};
struct HeartbeatReply {
  Instant sent_at;
  bool granted = false;
  VoterMemory memory;
  static void fields(auto& self, auto& archive) { archive(self.sent_at, self.granted, self.memory); }
};

// --- configuration register: CASPaxos ---

struct Prepare {
  Ballot ballot;
  bool forced = false;  ///< a person vouches: also a voter that has forgotten its promises votes
  static void fields(auto& self, auto& archive) { archive(self.ballot, self.forced); }
};
struct Promise {
  Ballot ballot;
  Ballot accepted_ballot;
  Configuration accepted;
  static void fields(auto& self, auto& archive) { archive(self.ballot, self.accepted_ballot, self.accepted); }
};
struct Accept {
  Ballot ballot;
  Configuration value;
  static void fields(auto& self, auto& archive) { archive(self.ballot, self.value); }
};
struct Accepted {
  Ballot ballot;
  static void fields(auto& self, auto& archive) { archive(self.ballot); }
};
struct Refused {
  Ballot ballot;          ///< the one refused
  Ballot promised;        ///< the voter's newest promise
  bool by_lease = false;  ///< another node's lease has not run out
  static void fields(auto& self, auto& archive) { archive(self.ballot, self.promised, self.by_lease); }
};
/// A majority has accepted this configuration.
struct Decided {
  Configuration configuration;
  static void fields(auto& self, auto& archive) { archive(self.configuration); }
};

// --- replication ---

/// A replica asks the primary for the stream, from after (reign, lsn) if that is possible.
struct Attach {
  Epoch reign;  ///< epoch in which the primary of that stream was elected; 0: no position
  Lsn lsn;
  CommonGround ground;         ///< base 0: compare everything
  std::vector<Touch> touches;  ///< what the replica has listed itself
  static void fields(auto& self, auto& archive) { archive(self.reign, self.lsn, self.ground, self.touches); }
};
/// What is compared before a replica follows the stream.
enum class Comparison : std::uint8_t {
  nothing,     ///< the stream resumes after the position asked for
  touched,     ///< what either node has listed; a part of a manifest follows
  everything,  ///< a manifest follows
};
struct Attached {
  Epoch reign;
  Comparison comparison = Comparison::nothing;
  Period young_from = 0;  ///< for Comparison::touched
  static void fields(auto& self, auto& archive) {
    archive(self.reign);
    archive.ranged(self.comparison, Comparison::everything);
    archive(self.young_from);
  }
};
struct StreamOperation {
  Epoch epoch;
  Lsn lsn;
  Operation operation;
};
struct StreamAcknowledgement {
  Lsn applied;  ///< everything up to here is applied
  Lsn synced;   ///< every sync operation up to here is done
  Lsn durable;  ///< everything up to here is on disk (durable mode)
  static void fields(auto& self, auto& archive) { archive(self.applied, self.synced, self.durable); }
};
struct StreamFailed {
  Lsn lsn;
  std::int32_t error = 0;  ///< errno of the replica's volume
  static void fields(auto& self, auto& archive) { archive(self.lsn, self.error); }
};
/// The replica stops: leave it out.
struct Farewell {
  static void fields(auto&, auto&) {}
};
struct SwapRequest {
  static void fields(auto&, auto&) {}
};

// --- resync ---

struct ManifestPart {
  Lsn lsn;  ///< the manifest is the primary's tree after this operation
  bool last = false;
  Manifest manifest{};
  std::vector<Touch> touches;  ///< what the primary has listed
};
/// Asks for [offset, offset + chunks * chunk_bytes) of a file, as far as it differs.
struct Pull {
  std::uint64_t pull = 0;  ///< named again in the `filled` operation that answers
  FileId file;
  std::uint64_t offset = 0;
  std::uint32_t chunk_bytes = 0;
  std::uint32_t chunks = 0;
  bool hollow = false;                 ///< the asker has nothing there but zeroes and what the stream has brought
  std::vector<std::uint64_t> digests;  ///< of the asker's own chunks; fewer than `chunks` where its file ends
  /// What it asks for, whole chunks, also where the file ends before.
  [[nodiscard]] std::uint64_t bytes() const { return std::uint64_t{chunk_bytes} * chunks; }
  static void fields(auto& self, auto& archive) {
    archive(self.pull, self.file, self.offset, self.chunk_bytes, self.chunks, self.hollow, self.digests);
  }
};
/// The replica holds, on disk, everything up to `lsn`.
struct CaughtUp {
  Lsn lsn;
  static void fields(auto& self, auto& archive) { archive(self.lsn); }
};

// --- common checkpoints ---

/// The primary asks for everything up to `lsn` on disk, without haste.
struct SyncAll {
  Lsn lsn;
  static void fields(auto& self, auto& archive) { archive(self.lsn); }
};
struct SyncedAll {
  Lsn lsn;
  static void fields(auto& self, auto& archive) { archive(self.lsn); }
};
/// Both disks hold everything up to there, and the primary has noted that: the replica may forget what it has listed.
struct Cool {
  std::uint64_t base = 0;
  CommonCheckpoint checkpoint;
  static void fields(auto& self, auto& archive) { archive(self.base, self.checkpoint); }
};
/// The replica has noted that too, so the primary may forget.
struct Cooled {
  Lsn lsn;
  static void fields(auto& self, auto& archive) { archive(self.lsn); }
};

// --- verify: is what both nodes have at one place of the stream the same? ---

/// What the primary's volume has of a region of a file after everything that it has ordered before this message. The
/// replica reads the same region before it applies anything that follows.
struct VerifyRegion {
  std::uint64_t question = 0;  ///< named again in the answer
  Lsn lsn;                     ///< of the last operation before
  FileId file;
  std::uint64_t offset = 0;
  std::uint32_t chunk_bytes = 0;
  std::uint32_t chunks = 0;              ///< at most 64
  std::uint64_t repair = 0;              ///< of that number: the primary overwrites what differs once this is answered
  std::vector<std::uint64_t> digests{};  ///< fewer than `chunks` where the file ends
  static void fields(auto& self, auto& archive) {
    archive(self.question, self.lsn, self.file, self.offset, self.chunk_bytes, self.chunks, self.repair, self.digests);
  }
};
/// The same of so many entries of a directory, from `from` on, with what they lead to.
struct VerifyNames {
  std::uint64_t question = 0;
  Lsn lsn;
  FileId directory;
  std::string from;
  std::uint32_t entries_max = 0;
  Manifest manifest{};
};
struct Verified {
  std::uint64_t question = 0;
  std::int32_t error = 0;         ///< errno: the replica cannot read it, and nothing was compared
  std::uint64_t differing = 0;    ///< a bit for each chunk
  bool not_kept = false;          ///< of a repair: what differs could not be kept aside, and is to stay
  bool names_differ = false;      ///< the directory's entries
  std::vector<FileId> objects{};  ///< whose attributes differ
  static void fields(auto& self, auto& archive) {
    archive(self.question, self.error, self.differing, self.not_kept, self.names_differ, self.objects);
  }
};

/// The order of the alternatives is the wire's message number: append only.
using Message =
    std::variant<Heartbeat, HeartbeatReply, Prepare, Promise, Accept, Accepted, Refused, Decided, Attach, Attached,
                 StreamOperation, StreamAcknowledgement, StreamFailed, Farewell, SwapRequest, ManifestPart, Pull,
                 CaughtUp, SyncAll, SyncedAll, Cool, Cooled, VerifyRegion, VerifyNames, Verified>;

namespace detail {
template <typename Alternative, typename... All>
constexpr std::size_t index_among(std::type_identity<std::variant<All...>> /*all*/) {
  std::size_t index = 0;
  ((!std::is_same_v<Alternative, All> && ++index) && ...);
  return index;
}
}  // namespace detail

/// The wire's number of that kind of message.
template <typename Kind>
inline constexpr std::size_t message_number_of = detail::index_among<Kind>(std::type_identity<Message>{});
static_assert(message_number_of<Heartbeat> == 0 && message_number_of<CaughtUp> == 17);

}  // namespace lockstep::engine
