#include "engine/recording/elision.h"

#include "engine/values/hash64.h"

#include <cstring>
#include <span>
#include <vector>

namespace lockstep::recording {

namespace {

constexpr std::size_t word_bytes = 8;

// SplitMix64's output function: one-to-one.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

// One-to-one on numbers of `bits` bits, with 0 mapped to 0: odd factors and shifts can be undone.
std::uint64_t permute(std::uint64_t value, unsigned bits, ElisionKey key) {
  const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    value = value * (mix(key.value + round * 0x9E3779B97F4A7C15ULL) | 1U) & mask;
    value ^= value >> (bits / 2);
  }
  return value;
}

bool all_zero(std::string_view bytes) {
  return bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// Up to 8 bytes the mark is the permuted contents themselves: a hash cut to that length would collide.
std::uint64_t mark_of_short(std::string_view payload, ElisionKey key) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(payload[i])} << (8 * i);
  }
  return permute(value, static_cast<unsigned>(8 * payload.size()), key);
}

std::uint64_t mark_of_hash(std::uint64_t hash, ElisionKey key) {
  const std::uint64_t mark = permute(hash, 64, key);
  return mark == 0 ? 1 : mark;
}

}  // namespace

ElidedPayload elide(std::string_view payload, ElisionKey key) {
  if (payload.empty()) return {};
  if (payload.size() <= word_bytes) return {payload.size(), mark_of_short(payload, key)};
  if (all_zero(payload)) return {payload.size(), 0};
  return {payload.size(), mark_of_hash(hash64(std::as_bytes(std::span(payload))), key)};
}

ElidedPayload elide_bulk(const Buffer& payload, ElisionKey key) {
  const std::string_view bytes = payload.text();
  if (bytes.size() <= 2 * bulk_marked_bytes) return elide(bytes, key);
  if (all_zero(bytes)) return {bytes.size(), 0};
  const std::uint64_t head = hash64(payload.bytes().first(bulk_marked_bytes), bytes.size());
  return {bytes.size(), mark_of_hash(hash64(payload.bytes().last(bulk_marked_bytes), head), key)};
}

// 0 says "nothing but zeroes" (io/volume.h) and stays itself; what would become 0 takes the place that this leaves
// free.
std::uint64_t elide_digest(std::uint64_t digest, ElisionKey key) {
  if (digest == 0) return 0;
  const std::uint64_t elided = permute(digest, 64, key);
  return elided != 0 ? elided : permute(0, 64, key);
}

Buffer filler(const ElidedPayload& elided) {
  std::vector<std::byte> bytes(elided.length, std::byte{0});
  std::uint64_t state = elided.mark;
  for (std::size_t at = 0; at < bytes.size() && elided.mark != 0; at += word_bytes) {
    // The first word is the mark itself, so different marks stay different.
    const std::uint64_t word = at == 0 ? elided.mark : mix(state += 0x9E3779B97F4A7C15ULL);
    for (std::size_t i = 0; i < word_bytes && at + i < bytes.size(); ++i) {
      bytes[at + i] = static_cast<std::byte>(word >> (8 * i));
    }
  }
  return Buffer(std::move(bytes));
}

}  // namespace lockstep::recording
