#include "prod/events/narrator.h"

#include "prod/common/quantity_text.h"
#include "prod/common/wall_time.h"
#include "prod/events/event_file.h"

#include <utility>
#include <variant>

namespace lockstep::prod {

namespace {

using engine::Readiness;
using engine::Role;

std::string role_text(const engine::Condition& condition) {
  std::string text(to_string(condition.role));
  if (condition.role == Role::stop || condition.role == Role::wait) return text;
  if (condition.readiness == Readiness::ready) return text + (condition.serves() ? ", serving" : ", standing by");
  if (condition.role == Role::second) return text + ", being brought up to date";
  return text + ", not serving yet or any more";
}

/// A reason is a sentence, and ends as one.
std::string because(const std::string& reason) {
  if (reason.empty()) return "";
  return ": " + (reason.back() == '.' ? reason.substr(0, reason.size() - 1) : reason);
}

boost::json::string json_text(std::string_view text) { return boost::json::string(text.data(), text.size()); }

}  // namespace

std::optional<ToldProtection> told_protection(const std::string& state_directory, const std::string& module) {
  constexpr std::size_t all = SIZE_MAX;
  const ReadEvents read = read_events(event_file_path(state_directory, module), all);
  for (auto event = read.events.rbegin(); event != read.events.rend(); ++event) {
    if (event->kind == EventKind::protection) return ToldProtection{event->name != "protection_lost", event->time_ms};
  }
  return std::nullopt;
}

Narrator::Narrator(NodeId self, std::string self_name, std::string peer_name, std::optional<ToldProtection> told,
                   Tell tell)
    : id_(self), self_(std::move(self_name)), peer_(std::move(peer_name)), tell_(std::move(tell)) {
  standing_.role_since_ms = wall_clock_ms();
  if (!told) return;
  protection_told_ = told->is_protected;
  if (!told->is_protected) standing_.unprotected_since_ms = told->since_ms;
}

void Narrator::tell(EventKind kind, const char* name, std::string text, boost::json::object facts) {
  ModuleEvent event;
  event.kind = kind;
  event.name = name;
  event.text = std::move(text);
  event.time_ms = wall_clock_ms();
  event.facts = std::move(facts);
  tell_(std::move(event));
}

void Narrator::record(const io::TraceEvent& event) {
  if (const auto* starting = std::get_if<io::ApplicationStarting>(&event)) {
    tell(EventKind::application, "application_started", "the application starts on " + self_,
         {{"epoch", starting->epoch.value}});
  } else if (std::holds_alternative<io::ApplicationStopped>(event)) {
    tell(EventKind::application, "application_ended", "the application has ended on " + self_);
  } else if (const auto* began = std::get_if<io::ResyncBegan>(&event)) {
    resync_began_ms_ = wall_clock_ms();
    tell(EventKind::resync, "resync_began",
         self_ + " is being brought up to date: " +
             (began->whole ? "everything is compared with " : "what may differ is compared with ") + peer_,
         {{"lsn", began->lsn.value}, {"whole", began->whole}});
  } else if (const auto* ended = std::get_if<io::ResyncEnded>(&event)) {
    const std::int64_t took_ms = wall_clock_ms() - resync_began_ms_;
    tell(EventKind::resync, "resync_ended",
         self_ + " is up to date: " + size_text(ended->bytes_copied) + " copied in " +
             short_duration_text(static_cast<double>(took_ms) / 1000),
         {{"lsn", ended->lsn.value}, {"bytes_copied", ended->bytes_copied}, {"took_ms", took_ms}});
  } else if (const auto* verify = std::get_if<io::VerifyBegan>(&event)) {
    const bool repair = verify->job == VerifyJob::repair;
    tell(EventKind::verify, repair ? "repair_began" : "verify_began",
         repair ? "what differs is brought to what " + self_ + " has" : "both servers' data are compared");
  } else if (const auto* result = std::get_if<io::VerifyEnded>(&event)) {
    tell(EventKind::verify, "verify_ended",
         std::string(result->complete ? "all data were compared" : "the comparison came to nothing") +
             (result->mismatches == 0 ? ": nothing differs, as far as is known"
                                      : ": " + std::to_string(result->mismatches) +
                                            " differences are known, `status` "
                                            "lists them"),
         {{"complete", result->complete}, {"mismatches", result->mismatches}});
  }
}

void Narrator::step(const io::Event& event) {
  if (const auto* ended = std::get_if<io::PhaseEnded>(&event); ended != nullptr && !ended->succeeded) {
    tell(EventKind::application, "application_failed",
         "a phase of the application failed on " + self_ + because(ended->text));
  } else if (const auto* opened = std::get_if<io::MountOpened>(&event);
             opened != nullptr && !opened->error_text.empty()) {
    tell(EventKind::application, "mount_failed", "the directory could not be opened" + because(opened->error_text));
  }
}

Standing Narrator::observe(const engine::Status& status) {
  if (!told_) {
    told_ = Told{};
    told_->epoch = status.configuration.epoch;  // decided in an earlier life, and told then
    tell(EventKind::daemon, "daemon_started", "the daemon runs on " + self_);
  }
  observe_links(status);
  observe_configuration(status);
  observe_role(status);
  observe_peer_resync(status);
  observe_protection(status);
  return standing_;
}

void Narrator::observe_role(const engine::Status& status) {
  const bool moved = status.role != told_->role || status.readiness != told_->readiness;
  const std::uint64_t epoch = status.configuration.epoch.value;
  if (moved) {
    if (status.role != told_->role) standing_.role_since_ms = wall_clock_ms();
    tell(EventKind::role, "role_changed", self_ + " is " + role_text(status) + because(status.reason),
         {{"role", json_text(to_string(status.role))},
          {"readiness", json_text(to_string(status.readiness))},
          {"previous_role", json_text(to_string(told_->role))},
          {"epoch", epoch}});
    told_->role = status.role;
    told_->readiness = status.readiness;
  }
  if (status.frozen == told_->frozen) return;
  told_->frozen = status.frozen;
  tell(EventKind::role, status.frozen ? "writes_frozen" : "writes_go_on",
       !status.frozen          ? "writes do not wait any more on " + self_
       : status.has_third_vote ? "writes wait on " + self_ + ": neither " + peer_ + " nor the witness answers"
                               : "writes wait on " + self_ + ": " + peer_ + " does not answer",
       {{"epoch", epoch}});
}

void Narrator::observe_peer_resync(const engine::Status& status) {
  const bool peer_resync = status.serves() && status.peer_resync_bytes_left > 0;
  if (peer_resync == told_->peer_resync) return;
  told_->peer_resync = peer_resync;
  if (!peer_resync) return;
  tell(EventKind::resync, "peer_resync_began", peer_ + " is being brought up to date by " + self_,
       {{"bytes_total", status.peer_resync_bytes_total}});
}

/// Told by who serves, since that one knows; a node that waits or returns only keeps count.
void Narrator::observe_protection(const engine::Status& status) {
  if (is_protected(status)) {
    const std::optional<std::int64_t> since = std::exchange(standing_.unprotected_since_ms, std::nullopt);
    if (std::exchange(protection_told_, true).value_or(true)) return;
    boost::json::object facts;
    if (since) facts["unprotected_ms"] = wall_clock_ms() - *since;
    tell(EventKind::protection, "protection_restored", "protected: both servers have everything that was acknowledged",
         std::move(facts));
    return;
  }
  if (!standing_.unprotected_since_ms) standing_.unprotected_since_ms = wall_clock_ms();
  if (status.role != Role::alone || !status.serves()) return;
  if (!std::exchange(protection_told_, false).value_or(true)) return;
  tell(EventKind::protection, "protection_lost",
       "NOT PROTECTED: " + peer_ + " is out of sync, " + self_ + " goes on alone");
}

void Narrator::observe_links(const engine::Status& status) {
  if (status.peer_connected != told_->peer_connected) {
    told_->peer_connected = status.peer_connected;
    tell(EventKind::peer, status.peer_connected ? "peer_connected" : "peer_lost",
         peer_ + (status.peer_connected ? " is connected" : " is not connected any more"));
  }
  if (status.witness_connected != told_->witness_connected) {
    told_->witness_connected = status.witness_connected;
    tell(EventKind::peer, status.witness_connected ? "witness_connected" : "witness_lost",
         std::string("the witness is ") + (status.witness_connected ? "connected" : "not connected any more"));
  }
}

void Narrator::observe_configuration(const engine::Status& status) {
  const Configuration& decided = status.configuration;
  if (decided.epoch == told_->epoch) return;
  told_->epoch = decided.epoch;
  const std::string& primary = decided.primary == id_ ? self_ : peer_;
  const std::string& second = decided.primary == id_ ? peer_ : self_;
  tell(EventKind::peer, decided.members == Members::both() ? "peer_admitted" : "peer_left",
       "decided: " + primary + " is the primary, " + second +
           (decided.members == Members::both() ? " is in sync" : " is out of sync"),
       {{"epoch", decided.epoch.value}, {"primary", json_text(primary)}});
}

}  // namespace lockstep::prod
