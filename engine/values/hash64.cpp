#include "engine/values/hash64.h"

#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#endif

namespace lockstep {

std::uint64_t hash64(std::span<const std::byte> bytes, std::uint64_t seed) {
  if (seed == 0) return XXH3_64bits(bytes.data(), bytes.size());
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace lockstep
