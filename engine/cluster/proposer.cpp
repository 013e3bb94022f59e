#include "engine/cluster/proposer.h"

#include "engine/cluster/forced_election.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

Prepare Proposer::begin(Change change) {
  change_ = std::move(change);
  return again();
}

Prepare Proposer::force(Change change) {
  round_ = forced_round(round_);
  return begin(std::move(change));
}

Prepare Proposer::again() {
  ++round_;
  ballot_ = ballot_of(round_, self_);
  accepting_ = false;
  votes_ = {};
  newest_ballot_ = Ballot(0);
  newest_ = Configuration{};
  return Prepare{ballot_};
}

std::optional<Accept> Proposer::receive(VoterId from, const Promise& promise, const Configuration& known) {
  if (!busy() || accepting_ || promise.ballot != ballot_) {
    mark_(promise.ballot == ballot_ ? Mark::promise_not_needed : Mark::promise_of_earlier_round);
    return std::nullopt;
  }
  votes_[static_cast<std::size_t>(from)] = 1;
  if (promise.accepted_ballot > newest_ballot_ || planted(Bug::newest_value_ignored)) {
    if (newest_ballot_ != Ballot(0)) mark_(Mark::promise_with_newer_value);
    newest_ballot_ = promise.accepted_ballot;
    newest_ = promise.accepted;
  }
  if (!majority()) return std::nullopt;
  if (known.epoch > newest_.epoch) {
    mark_(Mark::register_knows_less);
    newest_ = known;
  }
  proposed_ = change_(newest_);
  accepting_ = true;
  votes_ = {};
  return Accept{ballot_, proposed_};
}

std::optional<Proposer::Outcome> Proposer::receive(VoterId from, const Accepted& accepted) {
  if (!busy() || !accepting_ || accepted.ballot != ballot_) {
    mark_(accepted.ballot == ballot_ ? Mark::vote_not_needed : Mark::vote_of_earlier_round);
    return std::nullopt;
  }
  votes_[static_cast<std::size_t>(from)] = 1;
  if (!majority()) return std::nullopt;
  change_ = nullptr;
  mark_(proposed_ != newest_ ? Mark::change_decided : Mark::value_confirmed);
  return Outcome{proposed_, proposed_ != newest_};
}

void Proposer::seen(Ballot ballot) { round_ = std::max(round_, round_of(ballot)); }

}  // namespace lockstep::engine
