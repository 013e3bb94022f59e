// What is seen of one module from beside its engine: its log, its timeline and its figures.
#pragma once

#include "engine/status.h"
#include "prod/daemon/log_trace.h"
#include "prod/events/narrator.h"
#include "prod/metrics/measured_ports.h"
#include "prod/metrics/module_counters.h"

#include <functional>
#include <optional>

namespace lockstep::prod {

/// Used on the module's thread, and changes nothing of what it sees. The counters outlive it.
class ModuleObserver final : public io::Trace {
 public:
  ModuleObserver(LogTrace log, Narrator narrator, ModuleCounters& counters);

  /// What the engine is to be given instead of the real port; once each, before it is made.
  io::Mount& before(io::Mount& real) { return mount_.emplace(real, counters_.requests); }
  io::Link& before(io::Link& real) { return link_.emplace(real, counters_); }
  /// Before each step of the engine.
  void step(const io::Event& event, Instant now) {
    counters_.step(event, now);
    narrator_.step(event);
  }
  /// Whenever the engine's status is published.
  Standing observe(const engine::Status& status, Instant now);

  void record(const io::TraceEvent& event) override;

 private:
  LogTrace log_;
  Narrator narrator_;
  ModuleCounters& counters_;
  std::optional<MeasuredMount> mount_;
  std::optional<MeasuredLink> link_;
};

}  // namespace lockstep::prod
