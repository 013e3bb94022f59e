#include "prod/metrics/module_metrics.h"

#include "engine/values/time.h"
#include "prod/events/standing.h"

#include <array>

namespace lockstep::prod {

namespace {

/// Adds samples that all carry the module's name.
class ModulePage {
 public:
  using Labels = MetricPage::Labels;

  ModulePage(MetricPage& page, std::string module) : page_(page), module_(std::move(module)) {}

  template <typename Value>
  void gauge(const char* name, const char* help, Value value, const Labels& more = {}) {
    page_.gauge(name, help, labels(more), static_cast<double>(value));
  }
  void counter(const char* name, const char* help, const Counter& counter, const Labels& more = {}) {
    page_.counter(name, help, labels(more), static_cast<double>(counter.value()));
  }
  void histogram(const char* name, const char* help, const LatencyHistogram& histogram, const Labels& more) {
    page_.histogram(name, help, labels(more), histogram.snapshot());
  }

 private:
  [[nodiscard]] Labels labels(const Labels& more) const {
    Labels all = {{"module", module_}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  MetricPage& page_;
  const std::string module_;
};

void add_role(ModulePage& page, const ObservedModule& module) {
  using engine::Role;
  const engine::Status* status = module.published ? &module.published->status : nullptr;
  for (const Role role : {Role::stop, Role::wait, Role::alone, Role::prim, Role::second}) {
    page.gauge("lockstep_role", "The module's role on this node, 1 for the present one",
               status != nullptr && status->role == role, {{"role", std::string(to_string(role))}});
  }
  page.gauge("lockstep_serving", "Whether load balancers are sent here", module.serves);
  if (status == nullptr) return;
  page.gauge("lockstep_ready", "Whether the role is settled: serving, or standing by in sync",
             status->readiness == engine::Readiness::ready);
  page.gauge("lockstep_protected", "Whether both nodes hold everything that was acknowledged", is_protected(*status));
  page.gauge("lockstep_writes_frozen", "Whether writes wait because no majority answers", status->frozen);
  page.gauge("lockstep_epoch", "Number of the configuration that was decided last, as far as this node knows",
             status->configuration.epoch.value);
  page.gauge("lockstep_status_age_seconds", "Since when the module's loop has said nothing of itself",
             static_cast<double>((module.now - module.published->at).ns) / ns_per_second);
  const std::array<bool, 2> connected = {status->peer_connected, status->witness_connected};
  for (const bool witness : {false, true}) {
    if (witness && !status->has_third_vote) continue;
    page.gauge("lockstep_link_connected", "Whether the other node or the witness is connected",
               connected[witness ? 1 : 0], {{"to", witness ? "witness" : "peer"}});
  }
}

void add_replication(ModulePage& page, const engine::Status& status, const ModuleCounters& counters) {
  page.gauge("lockstep_last_lsn", "Last operation of the stream that was ordered or applied here", status.lsn.value);
  page.gauge("lockstep_acknowledged_lsn", "Last operation of the stream that was acknowledged to the application",
             counters.acknowledged_lsn.value());
  page.gauge("lockstep_peer_applied_lsn", "Last operation that the other node is known to have applied; on a primary",
             status.peer_applied.value);
  const bool lags = status.peer_applied.value != 0 && status.lsn > status.peer_applied;
  page.gauge("lockstep_replication_lag_operations", "Operations that the other node has not applied; on a primary",
             lags ? status.lsn.value - status.peer_applied.value : 0);
  page.gauge("lockstep_replication_lag_seconds", "Age of the oldest of them",
             static_cast<double>(counters.lag.age_ns()) / ns_per_second);
  page.gauge("lockstep_replication_window_bytes", "Contents of operations that are kept for the other node",
             status.window_bytes);
  page.gauge("lockstep_requests_waiting", "Requests of the application that are not answered yet",
             status.requests_waiting);
}

void add_links(ModulePage& page, const ModuleCounters& counters) {
  const auto& peer = counters.connections[static_cast<std::size_t>(io::Endpoint::peer)];
  page.counter("lockstep_replication_sent_bytes_total", "Messages to the other node", peer.sent_bytes);
  page.counter("lockstep_replication_received_bytes_total", "Messages from the other node", peer.received_bytes);
  for (const bool witness : {false, true}) {
    page.counter("lockstep_link_established_total", "How often a connection was made",
                 counters.connections[witness ? 1 : 0].established, {{"to", witness ? "witness" : "peer"}});
  }
}

void add_requests(ModulePage& page, const ModuleCounters& counters) {
  for (std::size_t i = 0; i < request_class_names.size(); ++i) {
    const auto& figures = counters.requests.figures(static_cast<RequestClass>(i));
    const MetricPage::Labels label = {{"class", std::string(request_class_names[i])}};
    page.histogram("lockstep_request_duration_seconds",
                   "From a request of the application to its acknowledgement, where that was a success",
                   figures.latency, label);
    page.counter("lockstep_request_failures_total", "Requests that were answered with an error", figures.failures,
                 label);
  }
  page.counter("lockstep_written_bytes_total", "What the application has written and was acknowledged",
               counters.requests.figures(RequestClass::write).bytes);
}

void add_resync(ModulePage& page, const engine::Status& status, const ModuleCounters& counters) {
  page.counter("lockstep_resync_begun_total", "How often this node began to be brought up to date",
               counters.resyncs_begun);
  page.counter("lockstep_resync_ended_total", "How often it was up to date then", counters.resyncs_ended);
  page.counter("lockstep_resync_copied_bytes_total", "What was copied to this node for that",
               counters.resync_copied_bytes);
  page.gauge("lockstep_resync_size_bytes", "To be compared or copied in this node's present or last resync",
             status.resync.bytes_total);
  page.gauge("lockstep_resync_left_bytes", "What is left of it", status.resync.bytes_left);
  page.gauge("lockstep_resync_left_files", "Files that are left of it", status.resync.files_left);
  page.gauge("lockstep_resync_left_seconds", "How long that takes at the present rate; 0: not known",
             status.resync.seconds_left);
  page.gauge("lockstep_resync_peer_size_bytes", "To be compared or copied in the other node's resync",
             status.peer_resync_bytes_total);
  page.gauge("lockstep_resync_peer_left_bytes", "What is left of that", status.peer_resync_bytes_left);
}

void add_checks(ModulePage& page, const engine::Status& status) {
  using engine::CheckState;
  for (const engine::CheckStatus& check : status.checks) {
    for (const CheckState state :
         {CheckState::idle, CheckState::unknown, CheckState::passing, CheckState::missing, CheckState::failed}) {
      page.gauge("lockstep_check_state", "What a check of the application has found, 1 for the present state",
                 check.state == state, {{"check", check.name}, {"state", std::string(to_string(state))}});
    }
    page.gauge("lockstep_check_misses", "How often in a row it has found the application not to answer", check.misses,
               {{"check", check.name}});
    page.gauge("lockstep_check_misses_max", "With how many it has failed", check.misses_max, {{"check", check.name}});
  }
  page.gauge("lockstep_restarts_used",
             "How often failed checks have made the application start again within the window of restarts",
             status.restarts.used);
  page.gauge("lockstep_restarts_max", "How often they may", status.restarts.max);
}

void add_verify(ModulePage& page, const engine::Status& status, const ModuleCounters& counters) {
  page.gauge("lockstep_verify_running", "Whether this primary compares both nodes' data",
             status.verify.job != VerifyJob::none);
  page.counter("lockstep_verify_completed_total", "How often all data were compared", counters.verifies);
  page.counter("lockstep_verify_incomplete_total", "How often a comparison came to nothing",
               counters.verifies_incomplete);
  page.gauge("lockstep_verify_compared_bytes", "Compared in the present or last one", status.verify.bytes);
  page.gauge("lockstep_verify_compared_files", "Files compared in it", status.verify.files);
  page.gauge("lockstep_verify_mismatches", "Places that are known to differ", status.verify.mismatches);
  if (!status.verify.last_ended_ago) return;
  page.gauge("lockstep_verify_last_ended_age_seconds", "How long ago the last one ended",
             static_cast<double>(status.verify.last_ended_ago->ns) / ns_per_second);
}

void add_rest(ModulePage& page, const PublishedStatus& published, const ModuleCounters& counters) {
  page.counter("lockstep_role_changes_total", "Steps of the role machine from one state to another",
               counters.role_changes);
  page.counter("lockstep_application_starts_total", "How often the application was started here",
               counters.application_starts);
  page.counter("lockstep_application_failures_total", "How often one of its phases failed",
               counters.application_failures);
  page.counter("lockstep_application_taken_up_total",
               "How often it was served on by this daemon after an earlier one had ended",
               counters.applications_taken_up);
  page.counter("lockstep_commands_total", "Commands that administrators gave here", counters.commands);
  page.gauge("lockstep_conflicts_kept", "Objects that were kept aside after a conflict and wait for somebody",
             published.conflicts.objects);
  page.gauge("lockstep_conflicts_kept_bytes", "Their size", published.conflicts.bytes);
  const ModuleCounters::Recorder& recorder = counters.recorder;
  page.gauge("lockstep_recorder_recording", "Whether the flight recorder writes down every event",
             recorder.recording.value());
  page.counter("lockstep_recorder_written_bytes_total", "What it has written", recorder.written_bytes);
  page.counter("lockstep_recorder_segments_total", "Segments that it has begun", recorder.segments);
  page.counter("lockstep_recorder_failures_total", "How often its disk failed", recorder.failures);
}

}  // namespace

void add_module_metrics(MetricPage& page, const ObservedModule& module, const ModuleCounters& counters) {
  ModulePage own(page, module.name);
  add_role(own, module);
  add_links(own, counters);
  add_requests(own, counters);
  if (!module.published) return;
  add_replication(own, module.published->status, counters);
  add_resync(own, module.published->status, counters);
  add_checks(own, module.published->status);
  add_verify(own, module.published->status, counters);
  add_rest(own, *module.published, counters);
}

}  // namespace lockstep::prod
