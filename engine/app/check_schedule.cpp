#include "engine/app/check_schedule.h"

#include "engine/planted.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

namespace {
constexpr std::int64_t ns_per_ms = 1'000'000;
/// A program that was held up may find its timer before an answer that has been there for long.
constexpr Duration overdue_time = milliseconds(20);
}  // namespace

void CheckSchedule::change(bool application_runs, bool takes_part) {
  const bool comes_up = application_runs && !application_runs_;
  application_runs_ = application_runs;
  takes_part_ = takes_part;
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    Each& each = checks_[check];
    // What this server lacks concerns each start of the application anew.
    if (comes_up) each.attended = false;
    const bool wanted = settings(check).of_server() ? takes_part : application_runs;
    if (wanted == each.wanted) continue;
    if (wanted) {
      begin(check);
    } else if (!planted(Bug::check_kept_after_stop)) {
      end(check);
    }
  }
  arm();
}

void CheckSchedule::begin(std::size_t check) {
  const Instant now = context_.now;
  Each fresh;
  fresh.wanted = true;
  fresh.began = fresh.due = now;
  fresh.grace_until = planted(Bug::check_grace_ignored) ? now : now + settings(check).grace;
  checks_[check] = std::move(fresh);
  context_.mark(settings(check).of_server() ? Mark::check_of_server_begins : Mark::check_of_application_begins);
  context_.ports.checks.begin(check);
}

void CheckSchedule::end(std::size_t check) {
  Each& each = checks_[check];
  context_.mark(each.under_way.value != 0 ? Mark::check_ends_amid_look : Mark::check_ends);
  each.wanted = false;
  each.under_way = {};
  context_.ports.checks.end(check);
}

void CheckSchedule::look(std::size_t check) {
  Each& each = checks_[check];
  each.again = false;
  each.overdue = false;
  each.began = context_.now;
  each.due = context_.now + settings(check).timeout;
  each.under_way = context_.next_ticket();
  context_.ports.checks.run(each.under_way, check);
}

void CheckSchedule::ended(const io::CheckEnded& event) {
  if (event.check >= checks_.size()) return;
  const Each& each = checks_[event.check];
  const bool awaited = each.under_way == event.ticket && each.under_way.value != 0;
  if (!awaited && !(planted(Bug::check_of_earlier_life_counted) && each.wanted)) {
    context_.mark(Mark::check_ended_too_late);
    return;
  }
  found(event.check, event.passed, event.text);
  arm();
}

void CheckSchedule::prompted(const io::CheckPrompted& event) {
  if (event.check >= checks_.size() || !checks_[event.check].wanted) {
    context_.mark(Mark::check_prompted_too_late);
    return;
  }
  Each& each = checks_[event.check];
  if (each.under_way.value != 0) {
    // It may have looked before that.
    context_.mark(Mark::check_prompted_amid_look);
    each.again = true;
    return;
  }
  context_.mark(Mark::check_prompted);
  look(event.check);
  arm();
}

void CheckSchedule::timer_fired() {
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    Each& each = checks_[check];
    if (!each.wanted || each.due > context_.now) continue;
    if (each.under_way.value == 0) {
      look(check);
      continue;
    }
    if (planted(Bug::hanging_check_waited_for)) {
      each.due = context_.now + settings(check).interval;
      continue;
    }
    if (!each.overdue) {
      context_.mark(Mark::check_overdue);
      each.overdue = true;
      each.due = context_.now + overdue_time;
      continue;
    }
    context_.mark(Mark::check_timed_out);
    found(check, false, "no answer within " + std::to_string(settings(check).timeout.ns / ns_per_ms) + " ms");
  }
  arm();
}

void CheckSchedule::found(std::size_t check, bool passed, std::string text) {
  Each& each = checks_[check];
  each.under_way = {};
  each.due = each.again ? context_.now : std::max(context_.now, each.began + settings(check).interval);
  each.text = std::move(text);
  if (!passed) return miss(check);
  if (each.state == CheckState::failed) {
    context_.mark(Mark::check_passes_again);
    context_.note("check \"" + settings(check).name + "\" passes again");
  }
  each.attended = false;
  each.state = CheckState::passing;
  if (!planted(Bug::misses_never_reset)) each.misses = 0;
}

void CheckSchedule::miss(std::size_t check) {
  Each& each = checks_[check];
  if (context_.now < each.grace_until) {
    context_.mark(Mark::check_missed_in_grace);
    return;
  }
  ++each.misses;
  if (each.state == CheckState::failed) return;
  const bool failed = each.misses >= settings(check).misses_max;
  context_.mark(failed ? Mark::check_failed : Mark::check_missed);
  each.state = failed ? CheckState::failed : CheckState::missing;
  if (failed) context_.note("check \"" + settings(check).name + "\" has failed: " + each.text);
}

std::optional<std::size_t> CheckSchedule::unattended() const {
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    const Each& each = checks_[check];
    if (each.wanted && each.state == CheckState::failed && !each.attended) return check;
  }
  return std::nullopt;
}

std::optional<std::size_t> CheckSchedule::unfit() const {
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    const Each& each = checks_[check];
    if (each.wanted && each.state == CheckState::failed && settings(check).of_server()) return check;
  }
  return std::nullopt;
}

std::vector<CheckStatus> CheckSchedule::status() const {
  std::vector<CheckStatus> all;
  for (std::size_t check = 0; check < checks_.size(); ++check) {
    const Each& each = checks_[check];
    all.push_back({settings(check).name, settings(check).action, each.wanted ? each.state : CheckState::idle,
                   each.misses, settings(check).misses_max, each.text});
  }
  return all;
}

void CheckSchedule::arm() {
  std::optional<Instant> earliest;
  for (const Each& each : checks_) {
    if (each.wanted && (!earliest || each.due < *earliest)) earliest = each.due;
  }
  if (earliest) {
    context_.ports.timers.arm(io::TimerId::check, *earliest);
  } else {
    context_.ports.timers.cancel(io::TimerId::check);
  }
}

}  // namespace lockstep::engine
