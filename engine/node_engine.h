// The cluster logic of one module on one node.
#pragma once

#include "engine/settings.h"
#include "engine/status.h"
#include "engine/values/time.h"
#include "io/application.h"
#include "io/background.h"
#include "io/checks.h"
#include "io/console.h"
#include "io/events.h"
#include "io/journal.h"
#include "io/link.h"
#include "io/mount.h"
#include "io/timers.h"
#include "io/trace.h"
#include "io/volume.h"

#include <memory>

namespace lockstep::recording {
class RecordReader;
class RecordWriter;
}  // namespace lockstep::recording

namespace lockstep::engine {

/// The ports of one engine; all outlive it. Ports never call back within a call: what they have to say comes as
/// a later step().
struct NodePorts {
  io::Timers& timers;
  io::Link& link;
  io::Journal& journal;
  io::TouchLog& touches;
  io::Volume& volume;
  io::Mount& mount;
  io::Application& application;
  io::Checks& checks;
  io::Console& console;
  io::Trace& trace;
  io::Background& background;
};

/// Driven by one thread. Deterministic: the same settings and the same sequence of steps make the same calls on
/// the ports. Destroying it is a crash: whatever is not in the journal or on the volume is gone.
class NodeEngine {
 public:
  NodeEngine(const Settings& settings, NodePorts ports);
  ~NodeEngine();
  NodeEngine(const NodeEngine&) = delete;
  NodeEngine& operator=(const NodeEngine&) = delete;

  /// `now` never decreases from step to step. The first event is Booted.
  void step(Instant now, io::Event event);

  [[nodiscard]] Condition condition() const;
  [[nodiscard]] Status status() const;

  /// Between two steps: everything on which its further decisions depend, but the settings. restore() puts that into an
  /// engine that has taken no step, which then goes on as the other would have; false if the bytes are no snapshot. It
  /// says nothing of ports: theirs is to have the same under way.
  void save(recording::RecordWriter& snapshot) const;
  [[nodiscard]] bool restore(recording::RecordReader& snapshot);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace lockstep::engine
