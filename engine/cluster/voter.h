// One vote of the configuration register, and one grantor of the primary's lease.
//
// The register is CASPaxos (Rystsov, "CASPaxos: Replicated State Machines without logs", 2018): one value, decided
// by a majority of three voters in prepare/accept rounds. The lease is a promise of each voter not to vote for
// another node's proposals until the grant has run out by the voter's own clock; a grant by a majority (its own
// included) is the primary's lease, so that no other can be elected while it lasts (I3, I15).
#pragma once

#include "engine/cluster/journal_record.h"
#include "engine/marks.h"
#include "engine/settings.h"
#include "engine/values/time.h"
#include "engine/wire/message.h"

#include <cstdint>
#include <optional>

namespace lockstep::engine {

/// What a voter takes part in (engine/cluster/recollection.h).
enum class Suffrage : std::uint8_t {
  none,
  /// Elections that a person forces: what they decide lies above all that this voter may have forgotten.
  forced_elections,
  full,
};

/// Decides; does not persist. After prepare() or accept() returned anything but Refused, the answer may leave only
/// once record() is durable (I2).
class Voter {
 public:
  /// `booted_at`: what was granted before a restart is forgotten, so nothing is voted for others until any grant
  /// must have run out. `only_granted_to`: the only one to whom a grant may be forgotten, if that is known.
  Voter(const Settings& settings, VoterRecord record, Instant booted_at, MarkSink mark = {},
        std::optional<NodeId> only_granted_to = {});

  Message prepare(NodeId from, const Prepare& request, Instant now);
  Message accept(NodeId from, const Accept& request, Instant now);

  /// Grants `holder`, the primary of `configuration`, a lease from now on, unless a newer configuration is known.
  bool grant_lease(NodeId holder, const Configuration& configuration, Instant now);

  /// Nobody relies on it any more. What may have been forgotten in a restart still has its time.
  void forget_grant_to(NodeId holder) {
    if (grant_ && grant_->holder == holder) grant_.reset();
  }

  /// Whether a grant to `node`'s rival (or one forgotten in a restart) is running.
  [[nodiscard]] bool lease_held_against(NodeId node, Instant now) const;

  /// Full at first. Leases are granted with full suffrage only.
  void set_suffrage(Suffrage suffrage) { suffrage_ = suffrage; }
  /// Takes over what others know, where it is more.
  void adopt(const VoterRecord& record) { record_.adopt(record); }
  /// Another life of this voter has gone on: this is what both know now, whatever this one was about to promise.
  void go_on_from(const VoterRecord& record) { record_ = record; }
  /// Another life of this voter has granted a lease, not later than `now`.
  void learn_of_grant(NodeId holder, Instant now);
  /// Somebody may have been granted a lease up to now, and it is not known who.
  void forget_grants(Instant now);

  [[nodiscard]] const VoterRecord& record() const { return record_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.record_, self.forgotten_until_);
    archive.ranged(self.suffrage_, Suffrage::full);
    archive(self.forced_ballot_);
    archive.maybe(self.grant_, [&archive](auto& grant) { archive(grant.holder, grant.until); });
  }

 private:
  [[nodiscard]] bool ready_for(bool forced) const;
  [[nodiscard]] bool granted_now(Instant now) const { return grant_ && now < grant_->until; }

  struct Grant {
    NodeId holder;
    Instant until;
  };

  Duration grant_length_;
  VoterRecord record_;
  Instant forgotten_until_;
  Suffrage suffrage_ = Suffrage::full;
  Ballot forced_ballot_;  ///< promised in this life to a forced election
  std::optional<Grant> grant_;
  MarkSink mark_;
};

}  // namespace lockstep::engine
