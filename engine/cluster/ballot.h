// Order among the proposals for the configuration register.
#pragma once

#include "engine/values/node_id.h"
#include "engine/values/strong.h"

namespace lockstep::engine {

/// Round number and proposer in one: two proposers never share a ballot. 0: none.
using Ballot = Strong<struct BallotTag, std::uint64_t>;

constexpr Ballot ballot_of(std::uint64_t round, NodeId proposer) {
  return Ballot((round << 1U) | static_cast<std::uint64_t>(proposer));
}
constexpr std::uint64_t round_of(Ballot ballot) { return ballot.value >> 1U; }
constexpr NodeId proposer_of(Ballot ballot) { return static_cast<NodeId>(ballot.value & 1U); }

}  // namespace lockstep::engine
