// A decoder that trusts a length, as decoders do: what does not find this finds nothing.
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

/// Behind the letter L: how many bytes follow, and these.
bool accepts(const Buffer& input) {
  if (input.size() < 2 || input.text().front() != 'L') return false;
  const auto length = std::to_integer<std::size_t>(input.data()[1]);
  std::byte sum{0};
  for (std::size_t i = 0; i < length; ++i) sum ^= input.data()[2 + i];
  return sum != std::byte{0};
}

std::vector<Buffer> seeds() { return {Buffer::copy_of("L\x01x")}; }

}  // namespace

const Target planted{"planted", accepts, seeds, 64, 200'000};

}  // namespace lockstep::fuzz
