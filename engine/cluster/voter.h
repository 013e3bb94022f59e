// One vote of the configuration register, and one grantor of the primary's lease.
//
// The register is CASPaxos (Rystsov, "CASPaxos: Replicated State Machines without logs", 2018): one value, decided
// by a majority of three voters in prepare/accept rounds. The lease is a promise of each voter not to vote for
// another node's proposals until the grant has run out by the voter's own clock; a grant by a majority (its own
// included) is the primary's lease, so that no other can be elected while it lasts (I3, I15).
#pragma once

#include "engine/cluster/journal_record.h"
#include "engine/settings.h"
#include "engine/values/time.h"
#include "engine/wire/message.h"

#include <optional>

namespace lockstep::engine {

/// Decides; does not persist. After prepare() or accept() returned anything but Refused, the answer may leave only
/// once record() is durable (I2).
class Voter {
 public:
  /// `booted_at`: what was granted before a restart is forgotten, so nothing is voted for others until any grant
  /// must have run out.
  Voter(const Settings& settings, VoterRecord record, Instant booted_at);

  Message prepare(NodeId from, const Prepare& request, Instant now);
  Message accept(NodeId from, const Accept& request, Instant now);

  /// Grants `holder`, the primary of `configuration`, a lease from now on, unless a newer configuration is known.
  bool grant_lease(NodeId holder, const Configuration& configuration, Instant now);

  /// Whether a grant to `node`'s rival (or one forgotten in a restart) is running.
  [[nodiscard]] bool lease_held_against(NodeId node, Instant now) const;

  [[nodiscard]] const VoterRecord& record() const { return record_; }

 private:
  struct Grant {
    NodeId holder;
    Instant until;
  };

  Duration grant_length_;
  VoterRecord record_;
  Instant forgotten_until_;
  std::optional<Grant> grant_;
};

}  // namespace lockstep::engine
