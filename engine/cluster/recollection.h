// Whether a voter still knows everything that it has promised.
//
// A vote binds only as long as it is remembered. A voter whose journal is gone (a replaced disk), or older than what
// others have seen of it (a restored copy), must not vote or grant leases on: a majority with its help could forget
// a decision. It votes again once it has heard from both others since its start and taken over the highest promise and
// the newest accepted value among them. That is enough, as long as only one voter forgets at a time: whatever it
// promised or accepted was asked by a node that had promised or accepted the same before (a proposer asks itself first
// and the others when its own promise is on disk), and whatever a majority accepted, one of the others has accepted.
// (The same idea as the recovery of Viewstamped Replication: Liskov, Cowling, "Viewstamped Replication Revisited",
// 2012, section 4.3.) In a cluster without a third vote the other node alone is asked: every majority has it.
//
// An election that an administrator forces need not wait for that: its numbers lie above all that can have been
// forgotten (engine/cluster/forced_election.h). But only in that election such a voter votes; an ordinary one, of
// whomever, must not be won with its vote before the forced one is.
//
// Not noticed: a restored copy while nobody is in reach who has seen more of it.
#pragma once

#include "engine/cluster/journal_record.h"
#include "engine/cluster/voter.h"
#include "engine/values/node_id.h"
#include "engine/wire/message.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

namespace lockstep::engine {

/// Passive: told of what is stored and heard. The owner keeps the journal and the voter.
class Recollection {
 public:
  /// Whom a voter can ask what it has forgotten.
  enum class Others : std::uint8_t { two, the_other_node };
  /// `record`: as found at the start. `life`: drawn at the start.
  Recollection(VoterId self, const JournalRecord& record, std::uint64_t life, Others others = Others::two);

  /// What to say to `to`. `votes`: the voter's present record.
  [[nodiscard]] VoterMemory memory(VoterId to, const VoterRecord& votes) const;

  enum class Lesson : std::uint8_t {
    none,
    forgotten,  ///< others have seen more of this voter than it knows: its disk is an older copy
    learned,    ///< record() is what it has to go on with, once that is on disk
  };
  Lesson hear(VoterId from, const VoterMemory& memory, bool anything_decided);
  /// What another life of this voter has heard, for as long as this one does not know all promises.
  Lesson hear_through_record(VoterId from, const VoterMemory& memory);
  [[nodiscard]] const VoterRecord& learned() const { return learned_; }
  /// What was learned is on disk.
  void remembered() { remembers_ = true; }
  /// It has voted in an election that a person forced: what was forgotten lies below what that has decided.
  void forced() { remembers_ = true; }

  /// Nothing is voted before at least one other, that has heard of this life, could say that this is an older copy.
  [[nodiscard]] Suffrage suffrage() const {
    if (!heard_any()) return Suffrage::none;
    return remembers_ ? Suffrage::full : Suffrage::forced_elections;
  }
  [[nodiscard]] bool may_vote() const { return suffrage() == Suffrage::full; }
  [[nodiscard]] bool remembers() const { return remembers_; }
  /// Whether another voter was last heard to know its promises.
  [[nodiscard]] bool remembers(VoterId other) const {
    const auto& memory = heard_[static_cast<std::size_t>(other)];
    return memory && memory->remembers;
  }

  /// A record is handed to the journal: numbers it, and notes what is known of the others.
  void storing(JournalRecord& record);
  /// The oldest record handed over is durable.
  void stored();
  /// Another life of this voter, which hears the others but `own`, has stored `record`, and of those handed over the
  /// ones that are not durable never will be. `forgotten`: it is older than what this life knows of, or is known to be
  /// `older` already.
  Lesson replaced(const JournalRecord& record, VoterId own, bool older);
  /// What was heard before does not tell what has been forgotten since.
  void hear_anew();
  /// How far another's journal is known.
  [[nodiscard]] const SeenJournal& seen(VoterId other) const { return seen_[static_cast<std::size_t>(other)]; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    const auto plain = [&archive](auto& value) { archive(value); };
    archive(self.life_, self.found_, self.remembers_, self.learning_, self.told_, self.sequence_, self.durable_,
            self.learned_);
    archive.list(self.on_their_way_, plain);
    for (auto& seen : self.seen_) archive(seen);
    for (auto& older : self.older_) archive(older);
    for (auto& heard : self.heard_) archive.maybe(heard, plain);
  }

 private:
  Lesson forget();
  Lesson learn(bool anything_decided);
  [[nodiscard]] bool heard_any() const;
  [[nodiscard]] bool may_learn(bool anything_decided) const;

  VoterId self_;
  Others others_;
  std::uint64_t life_;
  std::uint64_t found_;  ///< records in the journal at the start
  bool remembers_;
  bool learning_ = false;
  bool told_ = false;       ///< that this life began with an older copy
  std::uint64_t sequence_;  ///< of the newest record handed to the journal
  std::uint64_t durable_;   ///< of the newest one that is on disk
  std::deque<std::uint64_t> on_their_way_;
  std::array<SeenJournal, 3> seen_;
  std::array<bool, 3> older_{};                      ///< whose present life began with an older copy
  std::array<std::optional<VoterMemory>, 3> heard_;  ///< since the start
  VoterRecord learned_;
};

}  // namespace lockstep::engine
