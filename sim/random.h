// The simulator's own random numbers: the same on every machine, unlike the standard library's distributions.
#pragma once

#include "engine/values/check.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lockstep::sim {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  /// Uniform in [0, bound); the bias of the plain remainder is below 2^-40 for every bound in use.
  std::uint64_t below(std::uint64_t bound) {
    LOCKSTEP_CHECK(bound > 0, "a random draw has something to choose from");
    return next() % bound;
  }
  /// Uniform in [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  template <typename Container>
  auto& pick(Container& container) {
    return container[static_cast<std::size_t>(below(container.size()))];
  }
  template <typename T, std::size_t N>
  T pick(std::array<T, N>&& choices) {
    return choices[static_cast<std::size_t>(below(N))];
  }

  /// An independent generator: what one part draws does not shift what another part sees.
  Random fork() { return Random(next() ^ 0xD1B54A32D192ED03ULL); }

 private:
  std::uint64_t state_;
};

}  // namespace lockstep::sim
