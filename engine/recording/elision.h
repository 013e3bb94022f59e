// What stands in a recording for contents: their length and a mark. Equal contents have equal marks, different ones
// different marks, and contents that are all zero the mark 0; everything else about them is left out.
//
// Marks are keyed. The key is drawn for each life of a program and never stored, so that who has only the recording
// cannot try guesses (short values, known files) out against it. That is prudence, not cryptography.
#pragma once

#include "engine/values/buffer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lockstep::recording {

/// Whether contents stand in a recording as marks or in full.
enum class Payloads : std::uint8_t { elided, full };

struct ElisionKey {
  std::uint64_t value = 0;
};

struct ElidedPayload {
  std::uint64_t length = 0;
  std::uint64_t mark = 0;
};

/// No payload is longer: the largest is that of a frame.
inline constexpr std::uint64_t payload_bytes_max = std::uint64_t{4} << 20U;

/// Of bulk data, which the engine never compares, the mark covers this much of the beginning and of the end.
inline constexpr std::size_t bulk_marked_bytes = 128;

/// For what the engine compares (symlink targets, extended attributes): every byte counts.
ElidedPayload elide(std::string_view payload, ElisionKey key);
/// For file contents: a mark of their two ends, still 0 just where all of it is zero.
ElidedPayload elide_bulk(const Buffer& payload, ElisionKey key);
/// For digests of contents: a one-to-one mapping.
std::uint64_t elide_digest(std::uint64_t digest, ElisionKey key);

/// Bytes of that length made from the mark: equal, different or all zero as the contents were.
Buffer filler(const ElidedPayload& elided);

}  // namespace lockstep::recording
