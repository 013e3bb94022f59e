// Runs a recorded life through the real engine again, before ports that only listen, and compares what it decides.
#pragma once

#include "engine/recording/header.h"
#include "engine/status.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace lockstep::sim {

/// The segment files of one life, by their place in what there is of it; nothing behind the last one.
using SegmentSource = std::function<std::optional<Buffer>(std::size_t index)>;

struct Divergence {
  std::uint64_t event = 0;
  Instant at;
  std::string text;                ///< the event in words
  std::string difference;          ///< what is not the same
  std::vector<std::string> calls;  ///< what the replayed engine asked for
};

struct ReplayResult {
  enum class Verdict : std::uint8_t {
    equal,     ///< every event was replayed, and every decision is the recorded one
    diverged,  ///< see `divergence`
    unusable,  ///< see `reason`; what was replayed before is equal
  };
  Verdict verdict = Verdict::unusable;
  std::string reason;
  std::optional<Divergence> divergence;

  recording::LifeHeader header;
  std::uint64_t segments = 0;
  std::uint64_t first_event = 0;  ///< number of the first that was replayed
  std::uint64_t events = 0;       ///< so many were replayed
  Instant began;
  Instant ended;
  std::uint64_t decisions = 0;           ///< the replayed engine's hash at the end
  std::vector<std::string> gaps;         ///< what is missing in between, as sentences
  std::vector<std::string> roles;        ///< names of the states passed through, or of configurations (witness)
  std::optional<engine::Status> status;  ///< at the end; of a node only
  std::string ending;                    ///< how the recording ends, as a sentence
};

struct ReplayOptions {
  std::ostream* log = nullptr;  ///< where every event and what the engine says of it goes, as lines
  /// Goes on with a fresh engine, restored from what the segment's header holds, at the beginning of each segment:
  /// shows that a snapshot holds all that decisions depend on.
  bool renew = false;
};

/// Begins where the source begins: at the life's beginning, or at a later segment with the snapshot in its header.
ReplayResult replay_life(const SegmentSource& source, const ReplayOptions& options = {});

}  // namespace lockstep::sim
