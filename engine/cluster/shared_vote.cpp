#include "engine/cluster/shared_vote.h"

#include "engine/wire/archive.h"

namespace lockstep::engine {

namespace {
constexpr std::uint64_t shared_vote_version = 1;
}

Buffer encode(const SharedVote& vote) {
  Writer writer;
  writer(shared_vote_version, vote);
  return Buffer(std::move(writer.bytes));
}

std::optional<SharedVote> decode_shared_vote(const Buffer& bytes) {
  SharedVote vote;
  if (bytes.empty()) return vote;
  Reader reader(bytes);
  std::uint64_t version = 0;
  reader(version, vote);
  if (version != shared_vote_version || reader.failed() || !reader.at_end()) return std::nullopt;
  return vote;
}

}  // namespace lockstep::engine
