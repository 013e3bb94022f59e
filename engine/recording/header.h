// What a recording says of itself, at the beginning of each of its segments.
#pragma once

#include "engine/recording/elision.h"
#include "engine/settings.h"
#include "engine/values/buffer.h"
#include "engine/values/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::recording {

/// Of the bytes as such; what the records mean is told by engine_build().
inline constexpr std::uint32_t format_version = 5;

/// A number of the engine's sources: engines with the same one decide the same.
std::string_view engine_build();

enum class EngineKind : std::uint8_t { node, witness };

/// The same in all segments of one life (from a start of the program to its end).
struct LifeHeader {
  std::uint64_t life = 0;  ///< drawn at random
  EngineKind kind = EngineKind::node;
  Payloads payloads = Payloads::elided;
  std::string program_version;
  std::string engine_build;
  std::string module;
  std::string name;  ///< of the machine, as its configuration has it
  engine::Settings settings;
  std::int64_t started_at_ns = 0;  ///< since 1970, by the machine's wall clock; for people
};

/// Where a segment begins.
struct Position {
  std::uint64_t events = 0;     ///< so many came before
  Instant at;                   ///< time of the last of them
  std::uint64_t decisions = 0;  ///< hash and count of what the engine asked for until then
  std::uint64_t calls = 0;
};

struct SegmentHeader {
  LifeHeader life;
  std::uint64_t segment = 0;
  std::uint64_t first_block = 0;
  Position position;
  /// The engine at that position, as its save() wrote it; empty at the beginning of a life, which needs none.
  Buffer snapshot;
};

Buffer encode(const SegmentHeader& header);
std::optional<SegmentHeader> decode_header(const Buffer& bytes);

}  // namespace lockstep::recording
