#include "prod/daemon/module_observer.h"

#include <utility>
#include <variant>

namespace lockstep::prod {

ModuleObserver::ModuleObserver(LogTrace log, Narrator narrator, ModuleCounters& counters)
    : log_(std::move(log)), narrator_(std::move(narrator)), counters_(counters) {}

Standing ModuleObserver::observe(const engine::Status& status, Instant now) {
  if (status.peer_applied.value != 0) {
    counters_.lag.observe(status.lsn, status.peer_applied, now);
  } else {
    counters_.lag.none();
  }
  return narrator_.observe(status);
}

void ModuleObserver::record(const io::TraceEvent& event) {
  // What comes with every operation is for checkers, but for one number.
  if (const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event)) {
    if (acknowledged->lsn.value > counters_.acknowledged_lsn.value()) {
      counters_.acknowledged_lsn.set(acknowledged->lsn.value);
    }
    return;
  }
  const bool of_one_operation = std::holds_alternative<io::OperationOrdered>(event) ||
                                std::holds_alternative<io::OperationReplicated>(event) ||
                                std::holds_alternative<io::ContentsLetGo>(event);
  if (of_one_operation) return;
  log_.record(event);
  counters_.record(event);
  narrator_.record(event);
}

}  // namespace lockstep::prod
