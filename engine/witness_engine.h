// The third vote: keeps the configuration register's and the lease's promises, holds no data.
#pragma once

#include "engine/settings.h"
#include "engine/values/time.h"
#include "io/events.h"
#include "io/journal.h"
#include "io/link.h"
#include "io/trace.h"

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

/// Takes Booted, LinkUp, LinkDown, FrameArrived and JournalStored. One object a module. Only `timeout` and
/// `clock_drift_per_mille` of the settings count, and must be those of the nodes.
class WitnessEngine {
 public:
  WitnessEngine(const Settings& settings, WitnessPorts ports);
  ~WitnessEngine();
  WitnessEngine(const WitnessEngine&) = delete;
  WitnessEngine& operator=(const WitnessEngine&) = delete;

  void step(Instant now, io::Event event);

  [[nodiscard]] Configuration accepted() const;

  /// As NodeEngine has them.
  void save(recording::RecordWriter& snapshot) const;
  [[nodiscard]] bool restore(recording::RecordReader& snapshot);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace lockstep::engine
