// The third vote: keeps the configuration register's and the lease's promises, holds no data.
//
// It is a program of its own, with a journal; or it has several lives at once, one in each node's program, that share
// what a journal would hold (engine/witness_seat.h). Then a lease is granted only once that is stored, too: so
// whichever life votes next knows of it.
#pragma once

#include "engine/cluster/shared_vote.h"
#include "engine/settings.h"
#include "engine/values/time.h"
#include "io/events.h"
#include "io/journal.h"
#include "io/link.h"
#include "io/trace.h"

#include <cstdint>
#include <memory>

namespace lockstep::recording {
class RecordReader;
class RecordWriter;
}  // namespace lockstep::recording

namespace lockstep::engine {

struct WitnessPorts {
  io::Link& link;  ///< endpoints `first` and `second`
  io::Journal& journal;
  io::Trace& trace;
};

enum class WitnessLives : std::uint8_t {
  one,
  several,  ///< the journal's records are SharedVotes; this life hears only the node that `settings.self` says
};

/// Takes Booted, LinkUp, LinkDown, FrameArrived and JournalStored. One object a module. Only `timeout` and
/// `clock_drift_per_mille` of the settings count, and must be those of the nodes.
class WitnessEngine {
 public:
  WitnessEngine(const Settings& settings, WitnessPorts ports, WitnessLives lives = WitnessLives::one);
  ~WitnessEngine();
  WitnessEngine(const WitnessEngine&) = delete;
  WitnessEngine& operator=(const WitnessEngine&) = delete;

  void step(Instant now, io::Event event);
  /// Of several lives another has stored this; whatever was handed to the journal and is not stored never will be.
  /// `gap`: more may have been stored, and lost, in between.
  void replaced(Instant now, const SharedVote& vote, bool gap);

  [[nodiscard]] Configuration accepted() const;

  /// As NodeEngine has them.
  void save(recording::RecordWriter& snapshot) const;
  [[nodiscard]] bool restore(recording::RecordReader& snapshot);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace lockstep::engine
