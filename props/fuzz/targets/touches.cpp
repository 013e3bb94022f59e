// What a node has listed as changed.
#include "engine/resync/touched_set.h"
#include "engine/values/check.h"
#include "engine/wire/archive.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

Buffer encoded(const std::vector<engine::Touch>& list) {
  engine::Writer writer;
  for (const engine::Touch& touch : list) writer(touch);
  return Buffer(std::move(writer.bytes));
}

bool accepts(const Buffer& input) {
  const auto list = engine::decode_touches(input);
  if (!list) return false;
  LOCKSTEP_CHECK(encoded(*list) == input, "a list of touches has one encoding");
  return true;
}

std::vector<Buffer> seeds() { return {encoded({}), encoded(sample_touches())}; }

}  // namespace

const Target touches{"touches", accepts, seeds, 256, 50'000};

}  // namespace lockstep::fuzz
