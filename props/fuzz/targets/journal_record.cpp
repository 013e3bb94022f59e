// What an engine has stored of itself.
#include "engine/cluster/journal_record.h"

#include "engine/values/check.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  const auto record = engine::decode_journal(input);
  if (!record) return false;
  LOCKSTEP_CHECK(input.empty() || engine::encode(*record) == input, "a journal record has one encoding");
  LOCKSTEP_CHECK(engine::decode_journal(engine::encode(*record)) == record, "a journal record comes back");
  return true;
}

std::vector<Buffer> seeds() { return {Buffer(), engine::encode(sample_journal_record())}; }

}  // namespace

const Target journal_record{"journal_record", accepts, seeds, 256, 40'000};

}  // namespace lockstep::fuzz
