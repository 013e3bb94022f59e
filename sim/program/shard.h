// A range of seeds, and which of them are dealt to one of several machines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep::sim {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  bool operator==(const SeedRange&) const = default;
};

/// "A..B", or one seed. Throws UsageError.
SeedRange parse_seeds(const std::string& text);
std::string to_string(const SeedRange& range);

/// Shard `number` of `of` has every `of`th seed of the range from the `number`th on: together the shards have each seed
/// once, and each has about as many as another.
struct Shard {
  std::uint64_t number = 1;
  std::uint64_t of = 1;
  bool operator==(const Shard&) const = default;
};

/// "K/N" with 1 <= K <= N. Throws UsageError.
Shard parse_shard(const std::string& text);

/// A number written in decimal digits and nothing else.
bool parse_number(const std::string& text, std::uint64_t& number);
/// The same of a report's key. Throws std::invalid_argument.
std::uint64_t number_of_key(std::string_view key);

}  // namespace lockstep::sim
