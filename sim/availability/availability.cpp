#include "sim/availability/availability.h"

#include <cerrno>

namespace lockstep::sim {

namespace {
constexpr Time none = -1;
constexpr Time worth_naming = 50 * one_ms;

std::string in_seconds(Time length) {
  const Time tenths = (length + 50 * one_ms) / (100 * one_ms);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

bool disk_refused(int error) { return error == EIO || error == EROFS || error == ENOSPC || error == EDQUOT; }
}  // namespace

std::string describe(const DowntimeParts& parts, const engine::Settings& settings) {
  struct Named {
    Time length;
    std::string what;
  };
  const std::string timeout = " (timeout is " + in_seconds(settings.timeout.ns) + ")";
  const std::string phase = " (at most " + in_seconds(settings.phase_timeout.ns) + " a phase)";
  const std::array<Named, 7> all{{{parts.stopping, "stopping the application" + phase},
                                  {parts.no_server, "without any running server"},
                                  {parts.electing, "until a server was elected" + timeout},
                                  {parts.mounting, "mounting the directory"},
                                  {parts.starting, "starting the application" + phase},
                                  {parts.waiting, "until the serving server went on without an answer" + timeout},
                                  {parts.refusing, "with a disk that refused what was written"}}};
  std::string text;
  for (const Named& each : all) {
    if (each.length < worth_naming) continue;
    text += (text.empty() ? "" : ", ") + in_seconds(each.length) + " " + each.what;
  }
  return text;
}

void Availability::Phase::set(bool holds_now, Time now) {
  if (holds_now == holds()) return;
  if (!holds_now) past_.push_back({since_, now});
  since_ = holds_now ? now : none;
}

std::vector<Interval> Availability::Phase::until(Time end) const {
  std::vector<Interval> all = past_;
  if (holds()) all.push_back({since_, end});
  return all;
}

void Availability::faulted(const Fault& fault) {
  begin();
  struck_.push_back({world_.now(), fault.text()});
}

void Availability::end() {
  if (end_ == none) end_ = world_.now();
}

bool Availability::served() const { return watched_[0].serves.holds() || watched_[1].serves.holds(); }

void Availability::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  const Time now = world_.now();
  if (const auto* role = std::get_if<io::RoleChanged>(&event)) {
    watched_[index_of(by)].serves.set(role->to == "Prim" || role->to == "Alone", now);
    if (role->to == "Promoting" && role->from != "Promoting") milestones_.push_back({now, Step::elected});
    if (role->to == "Demoting" && role->from != "Demoting") milestones_.push_back({now, Step::demoting});
  } else if (std::holds_alternative<io::ApplicationStarting>(event)) {
    milestones_.push_back({now, Step::mounted});
  } else if (std::holds_alternative<io::ApplicationStopped>(event)) {
    milestones_.push_back({now, Step::stopped});
  }
}

void Availability::requested(NodeId node, RequestId request) {
  watched_[index_of(node)].waiting[request] = world_.now();
}

void Availability::answered(NodeId node, RequestId request) {
  Watched& watched = watched_[index_of(node)];
  const auto found = watched.waiting.find(request);
  if (found == watched.waiting.end()) return;
  const Interval waited{found->second, world_.now()};
  watched.waiting.erase(found);
  if (waited.length() >= stall_min) watched.stalled.push_back(waited);
}

void Availability::replied(NodeId node, RequestId request, const io::Reply& reply) {
  answered(node, request);
  if (reply.error == 0) {
    watched_[index_of(node)].refuses.set(false, world_.now());
  } else if (disk_refused(reply.error)) {
    watched_[index_of(node)].refuses.set(true, world_.now());
  }
}
void Availability::aborted(NodeId node, RequestId request) { answered(node, request); }

void Availability::started(Place place) {
  if (is_node(place)) watched_[index_of(place)].runs.set(true, world_.now());
}

void Availability::stopped(Place place, bool /*power_lost*/) {
  if (!is_node(place)) return;
  watched_[index_of(place)].runs.set(false, world_.now());
  watched_[index_of(place)].serves.set(false, world_.now());
  watched_[index_of(place)].refuses.set(false, world_.now());
}

Time Availability::last(Step step, Interval span) const {
  Time found = none;
  for (const Milestone& each : milestones_) {
    if (each.step == step && each.at >= span.begin && each.at <= span.end) found = each.at;
  }
  return found;
}

Time Availability::time_without(Phase Watched::*phase, Interval span) const {
  if (span.length() <= 0) return 0;
  std::vector<Interval> of_either = (watched_[0].*phase).until(end_);
  const std::vector<Interval> of_other = (watched_[1].*phase).until(end_);
  of_either.insert(of_either.end(), of_other.begin(), of_other.end());
  return length_of(without({span}, united(std::move(of_either))));
}

DowntimeParts Availability::parts_of(Interval span) const {
  DowntimeParts parts;
  const Time elected = last(Step::elected, span);
  Interval before{span.begin, elected == none ? span.end : elected};
  if (last(Step::demoting, {span.begin, span.begin}) != none) {
    const Time stopped_at = last(Step::stopped, before);
    parts.stopping = (stopped_at == none ? span.end : stopped_at) - span.begin;
    before.begin += parts.stopping;
  }
  if (elected == none) {
    parts.waiting = time_without(&Watched::refuses, before);
    parts.refusing = before.length() - parts.waiting;
    return parts;
  }
  parts.no_server = time_without(&Watched::runs, before);
  parts.electing = before.length() - parts.no_server;
  const Time mounted = last(Step::mounted, {elected, span.end});
  parts.mounting = (mounted == none ? span.end : mounted) - elected;
  parts.starting = mounted == none ? 0 : span.end - mounted;
  return parts;
}

std::string Availability::causes_of(Interval span) const {
  std::string causes;
  for (const Struck& each : struck_) {
    // A request that was on its way already waits from before the fault on.
    if (each.at < span.begin - shadow_ || each.at > span.begin + stall_min) continue;
    causes += (causes.empty() ? "" : "; ") + each.what;
  }
  return causes;
}

std::vector<Downtime> Availability::downtimes() const {
  if (begin_ < 0) return {};
  std::vector<Interval> up;
  for (const Watched& watched : watched_) {
    std::vector<Interval> stalled = watched.stalled;
    for (const auto& [request, since] : watched.waiting) {
      if (end_ - since >= stall_min) stalled.push_back({since, end_});
    }
    for (const Interval& refused : watched.refuses.until(end_)) stalled.push_back(refused);
    for (const Interval& each : without(united(watched.serves.until(end_)), united(std::move(stalled)))) {
      up.push_back(each);
    }
  }
  std::vector<Downtime> downtimes;
  for (const Interval& span : without({{begin_, end_}}, united(std::move(up)))) {
    downtimes.push_back({span, parts_of(span), span.end < end_, causes_of(span)});
  }
  return downtimes;
}

}  // namespace lockstep::sim
