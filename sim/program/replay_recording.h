// lockstep-sim replay --recording: what a daemon's flight recorder kept, through the engine once more.
#pragma once

#include <string>

namespace lockstep::sim {

struct RecordingOptions {
  std::string path;      ///< a segment file or a directory of them
  bool verbose = false;  ///< print every event
};

/// Exit status: 0 every life gives the recorded decisions, 1 one does not, 2 one cannot be used.
int replay_recording(const RecordingOptions& options);

}  // namespace lockstep::sim
