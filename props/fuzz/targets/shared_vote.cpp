// What the lives of a witness share in a store.
#include "engine/cluster/shared_vote.h"

#include "engine/values/check.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto vote = engine::decode_shared_vote(input);
  if (!vote) return false;
  LOCKSTEP_CHECK(input.empty() || engine::encode(*vote) == input, "a shared vote has one encoding");
  return true;
}

std::vector<Buffer> seeds() {
  engine::SharedVote vote;
  vote.record = sample_journal_record();
  vote.grants = 300;
  vote.granted_to = NodeId::second;
  vote.heard[1].life = 0xFEED;
  vote.heard[1].votes = vote.record.voter;
  return {Buffer(), engine::encode(vote)};
}

}  // namespace

const Target shared_vote{"shared_vote", accepts, seeds, 256, 40'000};

}  // namespace lockstep::fuzz
