// What follows from failed checks, and where the application rather runs.
#include "engine/node_core.h"
#include "engine/planted.h"

namespace lockstep::engine {

namespace {
std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string in_words(Duration duration) {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t minute = 60 * second;
  constexpr std::int64_t hour = 60 * minute;
  if (duration.ns >= hour && duration.ns % hour == 0) return std::to_string(duration.ns / hour) + " h";
  if (duration.ns >= minute && duration.ns % minute == 0) return std::to_string(duration.ns / minute) + " min";
  return std::to_string(duration.ns / second) + " s";
}
}  // namespace

void NodeEngine::Core::tend_checks() {
  const auto attend = [this] { checks_.attend(service_.running(), state() != RoleState::stopped && cleaned_up_); };
  attend();
  if (!service_.running()) return;
  if (const auto failed = checks_.unattended()) {
    checks_.attended(*failed);
    act_on(*failed);
  } else {
    swap_back();
  }
  attend();  // what ends here is not looked at any more
}

bool NodeEngine::Core::peer_could_serve() const {
  const bool connected = context_.peer_up && peer_state_ && peer_state_->running && peer_state_->fit;
  return state() == RoleState::prim && in_sync(peer_) && stream_.attached() && !leave_wanted_ && connected;
}

std::string NodeEngine::Core::failure_of(std::size_t check) const {
  std::string text = "check " + quoted(context_.settings.checks[check].name) + " failed";
  if (!checks_.text(check).empty()) text += " (" + checks_.text(check) + ")";
  return text;
}

void NodeEngine::Core::act_on(std::size_t check) {
  const std::string failure = failure_of(check);
  const auto acts = [&](CheckAction action) { context_.ports.trace.record(io::CheckActed{check, action}); };
  switch (context_.settings.checks[check].action) {
    case CheckAction::report: context_.mark(Mark::check_reported); return acts(CheckAction::report);
    case CheckAction::restart: return restart_after(check, failure);
    case CheckAction::failover:
      if (!peer_could_serve() && !planted(Bug::fails_over_to_nobody)) {
        context_.mark(Mark::check_restarts_instead);
        const bool lacks = !in_sync(peer_);
        return restart_after(check, failure + (lacks ? "; the other node does not have everything, so it stays here"
                                                     : "; the other node cannot serve now, so it stays here"));
      }
      if (!budget_.take(context_.now)) return stop_after(check, failure);
      context_.mark(Mark::check_fails_over);
      acts(CheckAction::failover);
      return step_down(Succession::peer_with_us, failure + ": the other node takes over");
    case CheckAction::stop:
      context_.mark(Mark::check_stops);
      acts(CheckAction::stop);
      wish_ = Wish::stopped;
      return step_down(Succession::peer_alone, failure + ": this node was stopped");
    case CheckAction::wait:
      context_.mark(peer_could_serve() ? Mark::check_waits_for_peer : Mark::check_waits_alone);
      acts(CheckAction::wait);
      return step_down(peer_could_serve() ? Succession::peer_with_us : Succession::none,
                       failure + ": this node does not serve until it passes");
  }
}

void NodeEngine::Core::restart_after(std::size_t check, const std::string& failure) {
  if (!budget_.take(context_.now)) return stop_after(check, failure);
  context_.mark(Mark::check_restarts);
  context_.ports.trace.record(io::CheckActed{check, CheckAction::restart});
  reason_ = failure + ": the application was restarted, " + std::to_string(budget_.used(context_.now)) + " of " +
            std::to_string(context_.settings.restarts_max) + " times within " +
            in_words(context_.settings.restarts_window);
  context_.note(reason_);
  service_.restart();
}

// One start more would most likely fail as the others did. The other node counts for itself.
void NodeEngine::Core::stop_after(std::size_t check, const std::string& failure) {
  context_.mark(in_sync(peer_) ? Mark::restarts_used_up_with_peer : Mark::restarts_used_up_alone);
  context_.ports.trace.record(io::CheckActed{check, CheckAction::stop});
  wish_ = Wish::stopped;
  step_down(Succession::peer_alone, failure + "; it has failed " + std::to_string(context_.settings.restarts_max) +
                                        " times within " + in_words(context_.settings.restarts_window) +
                                        " before: stopped here, rather than started again and again");
  limit_reached_ = true;
}

// Only after it has been away: who swaps by hand means it. And not to where the application failed lately, or it would
// go to and fro.
void NodeEngine::Core::swap_back() {
  if (!peer_rejoined_ || !context_.settings.swap_back || context_.settings.preferred != peer_) return;
  if (!peer_could_serve()) return;
  if (peer_state_->failed_lately) {
    context_.mark(Mark::swap_back_held);
    return;
  }
  context_.mark(Mark::swaps_back);
  peer_rejoined_ = false;
  step_down(Succession::peer_with_us, "the preferred node is in sync again: it takes over");
}

}  // namespace lockstep::engine
