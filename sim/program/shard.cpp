#include "sim/program/shard.h"

#include "sim/program/exit.h"

#include <charconv>
#include <stdexcept>

namespace lockstep::sim {

namespace {
constexpr std::uint64_t shards_max = 1'000'000;
}

bool parse_number(const std::string& text, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

std::uint64_t number_of_key(std::string_view key) {
  std::uint64_t number = 0;
  if (!parse_number(std::string(key), number)) throw std::invalid_argument("'" + std::string(key) + "' is no number");
  return number;
}

SeedRange parse_seeds(const std::string& text) {
  SeedRange range;
  const std::size_t dots = text.find("..");
  const bool numbers = parse_number(text.substr(0, dots), range.first) &&
                       parse_number(dots == std::string::npos ? text : text.substr(dots + 2), range.last);
  if (!numbers || range.last < range.first) {
    throw UsageError("--seeds wants A..B with A <= B, or one seed, not '" + text + "'");
  }
  return range;
}

std::string to_string(const SeedRange& range) {
  return std::to_string(range.first) + ".." + std::to_string(range.last);
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const std::size_t slash = text.find('/');
  const bool numbers = slash != std::string::npos && parse_number(text.substr(0, slash), shard.number) &&
                       parse_number(text.substr(slash + 1), shard.of);
  if (!numbers || shard.number < 1 || shard.number > shard.of || shard.of > shards_max) {
    throw UsageError("--shard wants K/N with 1 <= K <= N <= " + std::to_string(shards_max) + ", not '" + text + "'");
  }
  return shard;
}

}  // namespace lockstep::sim
