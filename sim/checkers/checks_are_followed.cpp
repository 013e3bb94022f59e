#include "sim/checkers/checks_are_followed.h"

#include "sim/checkers/asleep.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
constexpr Duration look_again_within = milliseconds(1000);  // beyond interval and timeout
/// Misses beyond the last one that a check may have, before something must have followed: of several failed checks one
/// is attended to at a time.
constexpr std::uint32_t misses_until_action = 3;
constexpr Duration election_max = milliseconds(8000);  ///< that was under way when a check failed
constexpr Duration command_counts_for = milliseconds(15'000);
}  // namespace

ChecksAreFollowed::ChecksAreFollowed(World& world) : world_(world) {
  for (Watched& each : watched_) each.checks.resize(settings().checks.size());
}

void ChecksAreFollowed::broken(NodeId node, std::size_t check, const std::string& what) const {
  throw Violation("checks",
                  std::string(to_string(node)) + ", check \"" + settings().checks[check].name + "\": " + what);
}

std::uint32_t ChecksAreFollowed::misses(const Watched& here, std::size_t check, Instant now) const {
  const Check& each = here.checks[check];
  const engine::CheckSettings& chosen = settings().checks[check];
  const bool over = each.looking.value != 0 && now - each.began >= chosen.timeout;
  const bool counts = chosen.of_server() || now >= here.started + chosen.grace;
  return each.misses_at_most + (over && counts ? 1U : 0U);
}

void ChecksAreFollowed::miss(Watched& here, std::size_t check, Instant now) {
  const engine::CheckSettings& chosen = settings().checks[check];
  Check& each = here.checks[check];
  if (chosen.of_server() || now >= here.started + chosen.grace) ++each.misses_at_most;
  if (!chosen.of_server() && (!here.serves_since || now < *here.serves_since + chosen.grace)) return;
  if (++each.misses_at_least >= chosen.misses_max && !each.failed_since) each.failed_since = now;
}

void ChecksAreFollowed::check_looks(NodeId node, std::size_t check, Ticket ticket) {
  Watched& here = watched_[index_of(node)];
  Check& each = here.checks[check];
  const Instant now = world_.node(node).local_now();
  if (each.looking.value != 0 && now - each.began >= settings().checks[check].timeout) miss(here, check, now);
  each.looking = ticket;
  each.began = now;
  if (!settings().checks[check].of_server()) here.looked = true;
}

void ChecksAreFollowed::delivering(Place to, const io::Event& event) {
  if (!is_node(to)) return;
  Watched& here = watched_[index_of(to)];
  const Instant now = world_.node(node_at(to)).local_now();
  if (const auto* command = std::get_if<io::CommandGiven>(&event)) {
    const io::Verb verb = command->command.verb;
    if (verb == io::Verb::start || verb == io::Verb::prim) here.starts.clear();
    if (verb == io::Verb::prim) here.commanded = now;
    return;
  }
  const auto* ended = std::get_if<io::CheckEnded>(&event);
  if (ended == nullptr || here.checks[ended->check].looking != ended->ticket) return;
  Check& each = here.checks[ended->check];
  each.looking = {};
  if (!ended->passed) return miss(here, ended->check, now);
  const bool late = now - each.began >= settings().checks[ended->check].timeout;
  each.misses_at_most = late ? each.misses_at_most + 1 : 0;
  each.misses_at_least = each.missed_before = 0;
  each.failed_since.reset();
  // Of one that was not waited for nothing has to follow once more.
  each.acted = each.acted && late;
}

void ChecksAreFollowed::phase_begins(NodeId node, io::Phase phase) {
  if (phase != io::Phase::start) return;
  Watched& here = watched_[index_of(node)];
  here.started = world_.node(node).local_now();
  for (std::size_t check = 0; check < here.checks.size(); ++check) {
    if (settings().checks[check].of_server()) {
      here.checks[check].acted = false;
    } else {
      here.checks[check] = {};
    }
  }
}

void ChecksAreFollowed::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  if (const auto* acted = std::get_if<io::CheckActed>(&event)) return judge_action(node_at(by), *acted);
  const auto* change = std::get_if<io::RoleChanged>(&event);
  if (change == nullptr) return;
  Watched& here = watched_[index_of(by)];
  if (change->from == "Stopped" || change->to == "Stopped") {
    for (Check& each : here.checks) each = {};
  }
  if (change->from != "Waiting" || change->to != "Promoting") return;
  const Instant now = world_.node(node_at(by)).local_now();
  if (here.commanded != Instant{} && now - here.commanded < command_counts_for) return;
  // The first start of all is somebody's command, however long ago.
  if (world_.node(node_at(by)).condition().configuration.epoch == Epoch(1)) return;
  for (std::size_t check = 0; check < here.checks.size(); ++check) {
    const Check& each = here.checks[check];
    if (settings().checks[check].of_server() && each.failed_since && now - *each.failed_since > election_max) {
      broken(node_at(by), check, "its node takes over although its server has failed this for long");
    }
  }
}

void ChecksAreFollowed::judge_action(NodeId node, const io::CheckActed& acted) {
  Watched& here = watched_[index_of(node)];
  const Instant now = world_.node(node).local_now();
  const engine::CheckSettings& chosen = settings().checks[acted.check];
  const std::uint32_t missed = misses(here, acted.check, now);
  if (missed < chosen.misses_max) {
    broken(node, acted.check,
           std::string(to_string(acted.action)) + " follows after " + std::to_string(missed) + " misses of " +
               std::to_string(chosen.misses_max));
  }
  here.checks[acted.check].acted = true;
  while (!here.starts.empty() && now - here.starts.front() >= settings().restarts_window) here.starts.pop_front();
  const bool again = acted.action == CheckAction::restart || acted.action == CheckAction::failover;
  if (again && here.starts.size() >= settings().restarts_max) {
    broken(node, acted.check,
           "the application is started again although it was " + std::to_string(here.starts.size()) +
               " times within the window");
  }
  if (acted.action == CheckAction::stop && chosen.action != CheckAction::stop &&
      here.starts.size() < settings().restarts_max) {
    broken(node, acted.check, "the node stops although the application could be started again");
  }
  if (acted.action == CheckAction::failover &&
      !world_.node(node).condition().configuration.members.contains(other(node))) {
    broken(node, acted.check, "it fails over to a node that does not have everything");
  }
  if (again) here.starts.push_back(now);
}

void ChecksAreFollowed::judge_rhythm(NodeId node, const Watched& here, Instant now) const {
  for (std::size_t check = 0; check < here.checks.size(); ++check) {
    const engine::CheckSettings& chosen = settings().checks[check];
    const Check& each = here.checks[check];
    const Instant since = std::max({each.began, *here.serves_since, here.awake_since});
    if (now - since > chosen.interval + chosen.timeout + look_again_within) {
      broken(node, check, "has not looked for " + std::to_string((now - since).ns / one_ms) + " ms");
    }
    const std::uint32_t due = std::max(chosen.misses_max, each.missed_before) + misses_until_action;
    if (!each.acted && each.misses_at_least >= due) {
      broken(node, check, "has missed " + std::to_string(each.misses_at_least) + " times, and nothing has followed");
    }
  }
}

void ChecksAreFollowed::stepped(Place place) {
  if (!is_node(place)) return;
  Watched& here = watched_[index_of(place)];
  if (here.checks.empty()) return;
  const Node& node = world_.node(node_at(place));
  const Instant now = node.local_now();
  if (now - here.last_step > asleep) here.awake_since = now;
  here.last_step = now;
  const bool served = here.serves_since.has_value();
  const bool serves = node.condition().serves();
  if (here.looked && !serves && !served) {
    throw Violation("checks", std::string(to_string(place)) + " looks at an application that does not run there");
  }
  here.looked = false;
  if (!serves) {
    here.serves_since.reset();
  } else if (!served) {
    here.serves_since = now;
    for (Check& each : here.checks) each.missed_before = each.misses_at_least;
  } else {
    judge_rhythm(node_at(place), here, now);
  }
}

void ChecksAreFollowed::stopped(Place place, bool /*power_lost*/) {
  if (!is_node(place)) return;
  Watched fresh;
  fresh.checks.resize(settings().checks.size());
  watched_[index_of(place)] = std::move(fresh);
}

}  // namespace lockstep::sim
