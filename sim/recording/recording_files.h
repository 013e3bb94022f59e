// The recordings in a directory: LIFE-SEGMENT.recording, as the daemon names them.
#pragma once

#include "engine/values/buffer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::sim {

/// The segments of one life that are there, the oldest first.
struct LifeFiles {
  std::uint64_t number = 0;
  std::vector<std::string> segments;
};

struct FoundRecordings {
  std::vector<LifeFiles> lives;  ///< the oldest first
  std::string error;             ///< why nothing was found, or empty
};

/// `path`: a directory, for every life in it; or one segment file, for it and those of the same life that follow.
FoundRecordings find_recordings(const std::string& path);

/// Nothing if it cannot be read.
std::optional<Buffer> read_recording(const std::string& path);

}  // namespace lockstep::sim
