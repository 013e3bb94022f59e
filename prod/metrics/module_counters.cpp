#include "prod/metrics/module_counters.h"

#include <variant>

namespace lockstep::prod {

void ModuleCounters::record(const io::TraceEvent& event) {
  if (const auto* role = std::get_if<io::RoleChanged>(&event)) {
    if (role->from != role->to) role_changes.add();
  } else if (std::holds_alternative<io::ApplicationStarting>(event)) {
    application_starts.add();
  } else if (std::holds_alternative<io::ResyncBegan>(event)) {
    resyncs_begun.add();
  } else if (const auto* resync = std::get_if<io::ResyncEnded>(&event)) {
    resyncs_ended.add();
    resync_copied_bytes.add(resync->bytes_copied);
  } else if (const auto* verify = std::get_if<io::VerifyEnded>(&event)) {
    (verify->complete ? verifies : verifies_incomplete).add();
  }
}

void ModuleCounters::step(const io::Event& event, Instant now) {
  if (const auto* request = std::get_if<io::RequestArrived>(&event)) {
    requests.arrived(request->request, request->operation.kind, now);
  } else if (const auto* frame = std::get_if<io::FrameArrived>(&event)) {
    connections[static_cast<std::size_t>(frame->endpoint)].received_bytes.add(frame->frame.size());
  } else if (const auto* up = std::get_if<io::LinkUp>(&event)) {
    connections[static_cast<std::size_t>(up->endpoint)].established.add();
  } else if (const auto* phase = std::get_if<io::PhaseEnded>(&event)) {
    if (!phase->succeeded) application_failures.add();
  } else if (std::holds_alternative<io::CommandGiven>(event)) {
    commands.add();
  }
}

void ModuleCounters::observe(const FlightRecorder::Figures& figures) {
  recorder.written_bytes.set(figures.written_bytes);
  recorder.segments.set(figures.segments);
  recorder.failures.set(figures.failures);
  recorder.recording.set(figures.recording ? 1 : 0);
}

}  // namespace lockstep::prod
