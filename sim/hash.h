// A 64-bit hash of a run: equal runs have equal hashes, and a difference shows that something was not deterministic.
#pragma once

#include "engine/values/buffer.h"

#include <cstdint>
#include <string_view>

namespace lockstep::sim {

class RunHash {
 public:
  void add(std::uint64_t word) {
    value_ ^= word;
    value_ *= 0x9FB21C651E98DF25ULL;
    value_ ^= value_ >> 32U;
  }
  void add(std::int64_t word) { add(static_cast<std::uint64_t>(word)); }
  void add_bytes(std::string_view bytes);
  void add_bytes(const Buffer& bytes) { add_bytes(bytes.text()); }

  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0x243F6A8885A308D3ULL;
};

/// XXH3-64, as io/volume.h wants for digests.
std::uint64_t xxh3(std::string_view bytes);

}  // namespace lockstep::sim
