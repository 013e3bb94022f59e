// The simulator's own random numbers: the same on every machine, unlike the standard library's distributions.
#pragma once

#include "engine/values/check.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep::sim {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
///
/// A steadied one draws the least of every range and nothing that is unlikely, so that a world which draws from it
/// does everything as fast as it ever does and in the same way every time. Only next() goes on drawing.
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
    return steady_ ? 0 : next() % bound;
  }
  /// Uniform in [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool chance(std::uint32_t percent) { return steady_ ? percent > 50 : below(100) < percent; }
  bool one_in(std::uint64_t n) { return steady_ ? n == 1 : below(n) == 0; }

  template <typename Container>
  auto& pick(Container& container) {
    return container[static_cast<std::size_t>(below(container.size()))];
  }
  template <typename T, std::size_t N>
  T pick(std::array<T, N>&& choices) {
    return choices[static_cast<std::size_t>(below(N))];
  }

  /// The numbers of one place of a run: whoever else draws more or fewer does not shift them.
  static Random keyed(std::uint64_t seed, std::string_view place, std::uint64_t number = 0) {
    std::uint64_t key = 0xCBF29CE484222325ULL;  // FNV-1a
    for (const char c : place) key = (key ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    Random mixed(seed ^ key);
    return mixed.numbered(number);
  }

  /// One of many generators that belong to this one, by number; does not advance this one.
  [[nodiscard]] Random numbered(std::uint64_t number) const {
    Random other = Random(Random(state_).next() + number * 0xD1342543DE82EF95ULL).fork();
    other.steady_ = steady_;
    return other;
  }

  /// An independent generator: what one part draws does not shift what another part sees.
  Random fork() {
    Random other(next() ^ 0xD1B54A32D192ED03ULL);
    other.steady_ = steady_;
    return other;
  }

  [[nodiscard]] Random steadied() const {
    Random other = *this;
    other.steady_ = true;
    return other;
  }
  [[nodiscard]] bool steady() const { return steady_; }

 private:
  std::uint64_t state_;
  bool steady_ = false;
};

}  // namespace lockstep::sim
