// A run in which every engine is recorded, and the replay of all that was recorded.
#pragma once

#include "sim/recording/recorded_lives.h"
#include "sim/recording/replay_life.h"
#include "sim/simulate.h"

#include <array>
#include <vector>

namespace lockstep::sim {

struct RecordedRun {
  RunResult result;
  std::array<std::vector<RecordedLife>, 3> lives;  ///< by Place
};

/// Recording changes nothing: the result is that of simulate().
RecordedRun simulate_recorded(const Scenario& scenario);

/// The recording as replay_life() wants it; `life` outlives it.
SegmentSource segments_of(const RecordedLife& life);

/// Records and replays, once in one go and once with an engine renewed from each snapshot: what does not give the same
/// decisions is a violation called "recording".
RunResult simulate_and_replay(std::uint64_t seed, const Choice& choice);

}  // namespace lockstep::sim
