#include "sim/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lockstep::sim {

std::uint64_t xxh3(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void RunHash::add_bytes(std::string_view bytes) {
  add(std::uint64_t{bytes.size()});
  add(xxh3(bytes));
}

}  // namespace lockstep::sim
