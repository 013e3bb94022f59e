// XXH3-64 (Yann Collet's xxHash, https://xxhash.com) of bytes in memory, with whatever vector instructions the
// processor has: checksums on the wire and on disk, digests of what nodes compare, marks of what a recording elides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lockstep {

std::uint64_t hash64(std::span<const std::byte> bytes, std::uint64_t seed = 0);

}  // namespace lockstep
