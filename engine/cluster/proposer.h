// The proposing side of the configuration register: one change at a time, by prepare/accept rounds of CASPaxos.
#pragma once

#include "engine/cluster/ballot.h"
#include "engine/values/configuration.h"
#include "engine/values/node_id.h"
#include "engine/wire/message.h"

#include <array>
#include <functional>
#include <optional>

namespace lockstep::engine {

/// Given the register's present value, the value wanted next; the same value means "leave it" (it is then decided
/// again, which is how a proposer learns it).
using Change = std::function<Configuration(const Configuration&)>;

/// Passive: says what to send, is told what came. The owner sends to all three voters (its own among them), keeps
/// the retry timer, and gives every answer to receive().
class Proposer {
 public:
  explicit Proposer(NodeId self) : self_(self) {}

  /// Begins; replaces a change in progress (whose value may be decided nevertheless).
  Prepare begin(Change change);
  /// Begins the same change again with a higher ballot.
  Prepare again();
  void abandon() { change_ = nullptr; }
  [[nodiscard]] bool busy() const { return change_ != nullptr; }

  /// What to send to every voter after a majority has promised.
  std::optional<Accept> receive(VoterId from, const Promise& promise);
  /// The value decided, once a majority has accepted. Ends the change.
  struct Outcome {
    Configuration decided;
    bool changed;  ///< the change's own new value, not just the old one confirmed
  };
  std::optional<Outcome> receive(VoterId from, const Accepted& accepted);
  /// Ballots of this node must rise above everything it has seen.
  void seen(Ballot ballot);

 private:
  [[nodiscard]] bool majority() const { return votes_[0] + votes_[1] + votes_[2] >= 2; }

  NodeId self_;
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
