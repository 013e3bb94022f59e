// The proposing side of the configuration register: one change at a time, by prepare/accept rounds of CASPaxos.
#pragma once

#include "engine/cluster/ballot.h"
#include "engine/marks.h"
#include "engine/planted.h"
#include "engine/values/configuration.h"
#include "engine/values/node_id.h"
#include "engine/wire/message.h"

#include <array>
#include <functional>
#include <optional>
#include <utility>

namespace lockstep::engine {

/// Given the register's present value, the value wanted next; the same value means "leave it" (it is then decided
/// again, which is how a proposer learns it).
using Change = std::function<Configuration(const Configuration&)>;

/// Passive: says what to send, is told what came. The owner sends to all three voters (its own among them), keeps
/// the retry timer, and gives every answer to receive().
class Proposer {
 public:
  explicit Proposer(NodeId self, MarkSink mark = {}) : self_(self), mark_(mark) {}

  /// Begins; replaces a change in progress (whose value may be decided nevertheless).
  Prepare begin(Change change);
  /// The same for an administrator, above ballots that this node may never have heard of.
  Prepare force(Change change);
  /// Begins the same change again with a higher ballot.
  Prepare again();
  [[nodiscard]] Ballot ballot() const { return ballot_; }
  void abandon() { change_ = nullptr; }
  [[nodiscard]] bool busy() const { return change_ != nullptr; }

  /// What to send to every voter after a majority has promised. `known`: the newest that the owner knows to be decided.
  /// A register that remembers nothing older is taken to hold that. It never is so but where an election was forced
  /// with a voter that had forgotten: then the ballots do not tell which of two decisions is the newer, and what two
  /// voters hold must not hide for ever from both nodes what one of them knows.
  std::optional<Accept> receive(VoterId from, const Promise& promise, const Configuration& known);
  /// The value decided, once a majority has accepted. Ends the change.
  struct Outcome {
    Configuration decided;
    bool changed;  ///< the change's own new value, not just the old one confirmed
  };
  std::optional<Outcome> receive(VoterId from, const Accepted& accepted);
  /// Ballots of this node must rise above everything it has seen.
  void seen(Ballot ballot);

  /// All of its state but the change, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.round_, self.ballot_, self.accepting_);
    for (auto& vote : self.votes_) archive(vote);
    archive(self.newest_ballot_, self.newest_, self.proposed_);
  }
  /// And the change that is in progress.
  void go_on(Change change) { change_ = std::move(change); }

 private:
  [[nodiscard]] bool majority() const {
    return votes_[0] + votes_[1] + votes_[2] >= (planted(Bug::quorum_of_one) ? 1 : 2);
  }

  NodeId self_;
  MarkSink mark_;
  std::uint64_t round_ = 0;
  Change change_;
  Ballot ballot_;
  bool accepting_ = false;
  std::array<std::uint8_t, 3> votes_{};
  Ballot newest_ballot_;
  Configuration newest_;
  Configuration proposed_;
};

}  // namespace lockstep::engine
