#include "prod/daemon/log_trace.h"

#include <utility>

namespace lockstep::prod {

LogTrace::LogTrace(io::Report report, std::function<void()> state_changed)
    : report_(std::move(report)), state_changed_(std::move(state_changed)) {}

void LogTrace::tell(io::Severity severity, const std::string& text) { report_(severity, text); }

void LogTrace::changed(io::Severity severity, const std::string& text) {
  state_changed_();
  report_(severity, text);
}

void LogTrace::record(const io::TraceEvent& event) {
  using io::Severity;
  struct Teller {
    LogTrace& log;

    void operator()(const io::RoleChanged& e) const {
      if (e.from == e.to) return;
      log.changed(Severity::info,
                  "state " + std::string(e.from) + " -> " + std::string(e.to) + " (" + std::string(e.event) + ")");
    }
    void operator()(const io::UnknownTransition& e) const {
      log.changed(Severity::error,
                  "I18: state " + std::string(e.state) + " does not know the event " + std::string(e.event));
    }
    void operator()(const io::VoteCast& e) const {
      log.tell(Severity::debug, "voted for " + describe(e.configuration) + ", ballot " + std::to_string(e.ballot));
    }
    void operator()(const io::ConfigurationDecided& e) const {
      log.changed(Severity::info, "decided: " + describe(e.configuration));
    }
    // Renewed with each heartbeat; its end shows as WritableChanged.
    void operator()(const io::LeaseHeld&) const {}
    void operator()(const io::WritableChanged& e) const {
      log.changed(Severity::info, std::string("writes are ") + (e.writable ? "completed" : "held back") + " in epoch " +
                                      std::to_string(e.epoch.value));
    }
    // Every single operation: for checkers, not for people.
    void operator()(const io::OperationOrdered&) const {}
    void operator()(const io::OperationReplicated&) const {}
    void operator()(const io::ContentsLetGo&) const {}
    void operator()(const io::RequestAcknowledged&) const {}
    void operator()(const io::ApplicationStarting& e) const {
      log.changed(Severity::info, "the application starts, epoch " + std::to_string(e.epoch.value));
    }
    void operator()(const io::ApplicationStopped&) const { log.changed(Severity::info, "the application has ended"); }
    void operator()(const io::ResyncBegan& e) const {
      log.changed(Severity::info, "resync began at LSN " + std::to_string(e.lsn.value));
    }
    void operator()(const io::ResyncEnded& e) const {
      log.changed(Severity::info, "resync ended at LSN " + std::to_string(e.lsn.value) + ", " +
                                      std::to_string(e.bytes_copied) + " bytes copied");
    }
    void operator()(const io::VerifyBegan&) const { log.changed(Severity::info, "comparing both servers' data"); }
    // A note says the same with the path.
    void operator()(const io::MismatchFound&) const {}
    void operator()(const io::VersionOverwritten&) const {}
    void operator()(const io::VerifyEnded& e) const {
      log.changed(e.mismatches == 0 ? Severity::info : Severity::error,
                  std::string(e.complete ? "verify complete" : "verify ended before it was complete") + ", " +
                      std::to_string(e.mismatches) + " mismatches are known" +
                      (e.mismatches == 0 ? "" : "; `lockstep status` lists them"));
    }
    // A note says the same with its name and why.
    void operator()(const io::CheckActed&) const {}
    void operator()(const io::Mark& e) const { log.tell(Severity::debug, "reached " + std::string(e.name)); }
    void operator()(const io::Note& e) const { log.tell(Severity::info, e.text); }
  };
  std::visit(Teller{*this}, event);
}

}  // namespace lockstep::prod
