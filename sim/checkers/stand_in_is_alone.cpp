#include "sim/checkers/stand_in_is_alone.h"

#include "engine/cluster/forced_election.h"
#include "engine/wire/codec.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
constexpr Duration on_its_way_to_disk = milliseconds(100);
constexpr std::int64_t heartbeats_of_sleep = 3;
constexpr std::int64_t timeouts_abreast = 10;
constexpr std::int64_t timeouts_of_force = 3;  ///< a forced election is tried for so long
}  // namespace

void StandInIsAlone::broken(NodeId node, const std::string& what) {
  throw Violation("isolation", std::string(to_string(node)) + " " + what);
}

Instant StandInIsAlone::local(Place place) const {
  return is_node(place) ? world_.node(node_at(place)).local_now() : Instant{};
}

void StandInIsAlone::heard(Watched& here, Instant now) const {
  if (now - here.heard >= settings().timeout) here.alone_until = now;
  here.heard = now;
}

void StandInIsAlone::is_only_member(Watched& here, bool is, Instant now) {
  if (here.only_member && !is) here.only_member_until = now;
  here.only_member = is;
}

void StandInIsAlone::delivering(Place to, const io::Event& event) {
  if (!is_node(to)) return;
  Watched& here = watched_[index_of(to)];
  const Instant now = local(to);
  const Duration slept = now - here.last_step;
  if (slept > settings().heartbeat_interval * heartbeats_of_sleep) {
    // A vote may have been on its way to the disk meanwhile.
    if (here.last_step - here.heard >= settings().timeout) here.alone_until = here.last_step;
    for (auto* moment : {&here.alone_until, &here.served}) {
      if (*moment) *moment = **moment + slept;
    }
    here.heard = now;
  }
  here.last_step = now;
  if (const auto* up = std::get_if<io::LinkUp>(&event)) {
    if (up->endpoint == io::Endpoint::peer) heard(here, now);
  } else if (const auto* arrived = std::get_if<io::FrameArrived>(&event)) {
    if (arrived->endpoint == io::Endpoint::peer && engine::decode(arrived->frame)) heard(here, now);
  } else if (const auto* given = std::get_if<io::CommandGiven>(&event)) {
    const bool forces = given->command.verb == io::Verb::prim && given->command.force;
    if (forces) here.forced_until = now + settings().timeout * timeouts_of_force + on_its_way_to_disk;
  }
}

void StandInIsAlone::frame_sent(Place from, io::Endpoint to, const io::Frame& frame) {
  if (!is_node(from) || to != io::Endpoint::peer || world_.votes(Place::witness)) return;
  if (engine::message_number(frame.head) != engine::message_number_of<engine::HeartbeatReply>) return;
  const auto message = engine::decode(Buffer::copy_of(std::span<const std::byte>(frame.head)));
  const auto* reply = message ? std::get_if<engine::HeartbeatReply>(&*message) : nullptr;
  if (reply == nullptr || !reply->granted) return;
  const Duration drift{settings().timeout.ns * settings().clock_drift_per_mille / 1000};
  watched_[index_of(from)].granted_at = local(from);
  watched_[index_of(from)].granted_until = local(from) + settings().timeout + drift;
}

void StandInIsAlone::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by) || world_.votes(Place::witness)) return;
  Watched& here = watched_[index_of(by)];
  if (const auto* vote = std::get_if<io::VoteCast>(&event)) {
    if (vote->by_stand_in) return judge(node_at(by), vote->configuration);
    // What it has voted for may have been decided; its own election, with this ballot, is what is to be judged.
    if (engine::is_forced_epoch(vote->configuration.epoch, node_at(by))) {
      here.elected_before = here.elected_before || (here.own_election != 0 && here.own_election != vote->ballot);
      here.own_election = vote->ballot;
    } else {
      is_only_member(here, vote->configuration.members == Members::only(node_at(by)), local(by));
    }
    // Who held the lease has proposed this node, and gave it up.
    const bool by_other = engine::proposer_of(engine::Ballot(vote->ballot)) == other(node_at(by));
    if (by_other && vote->configuration.primary == node_at(by)) here.granted_until = {};
  } else if (const auto* decided = std::get_if<io::ConfigurationDecided>(&event)) {
    const Configuration& configuration = decided->configuration;
    here.own_election = 0;
    here.elected_before = false;
    is_only_member(here, configuration.members == Members::only(node_at(by)), local(by));
    // Also where it was not alone, and the other node has voted for it.
    const bool forced = engine::is_forced_epoch(configuration.epoch, node_at(by)) && local(by) <= here.forced_until;
    here.forced_reign = here.only_member && (here.forced_reign || forced);
  } else if (std::holds_alternative<io::ResyncBegan>(event)) {
    if (world_.node(node_at(by)).condition().configuration.primary == node_at(by)) {
      broken(node_at(by), "lets itself be brought up to date although it was elected");
    }
  } else if (const auto* lease = std::get_if<io::LeaseHeld>(&event)) {
    if (here.lease_until && local(by) > *here.lease_until) {
      broken(node_at(by), "holds a lease again that had run out");
    }
    here.lease_until = lease->until;
  } else if (const auto* change = std::get_if<io::RoleChanged>(&event)) {
    // On the way down it may be asked for, but serves no purpose.
    if (change->to == "Waiting" || change->to == "Stopped" || change->to == "Demoting") here.lease_until.reset();
  }
}

void StandInIsAlone::judge(NodeId node, const Configuration& voted) {
  Watched& here = watched_[index_of(node)];
  const Instant now = world_.node(node).local_now();
  const std::string ballot = "votes twice for " + describe(voted);
  here.forced_reign = here.forced_reign || now <= here.forced_until;
  if (settings().isolation != engine::Isolation::takeover && !here.forced_reign) {
    broken(node, ballot + ", although isolation is to be waited out and nobody has forced it");
  }
  const bool alone =
      now - here.heard >= settings().timeout || (here.alone_until && now - *here.alone_until <= on_its_way_to_disk);
  if (!alone) {
    broken(node, ballot + " " + std::to_string((now - here.heard).ns / one_ms) + " ms after it heard the other node");
  }
  if (now < here.granted_until && now - here.granted_at > on_its_way_to_disk) {
    broken(node, ballot + " while the lease that it has granted runs for another " +
                     std::to_string((here.granted_until - now).ns / one_ms) + " ms");
  }
  if (voted.primary != node || voted.members != Members::only(node)) broken(node, ballot + ", which is not its own");
  const bool serves = here.served && now - *here.served <= on_its_way_to_disk;
  const bool apart = engine::is_forced_epoch(voted.epoch, node);
  if (!serves && !apart) broken(node, ballot + ", an epoch that the other node may give away, too");
  const bool lately = here.abreast && now - *here.abreast <= settings().timeout * timeouts_abreast + on_its_way_to_disk;
  const bool only_member = here.only_member || here.elected_before ||
                           (here.only_member_until && now - *here.only_member_until <= on_its_way_to_disk);
  if (!lately && !only_member && !here.forced_reign) {
    broken(node, ballot + ", and has neither served nor followed the other node lately");
  }
}

void StandInIsAlone::stepped(Place place) {
  if (!is_node(place)) return;
  const engine::Condition condition = world_.node(node_at(place)).condition();
  Watched& here = watched_[index_of(place)];
  const bool serves = condition.role == engine::Role::prim || condition.role == engine::Role::alone;
  if (serves) here.served = local(place);
  if (serves || condition.role == engine::Role::second) here.abreast = local(place);
}

void StandInIsAlone::started(Place place) {
  Watched& here = watched_[index_of(place)];
  here.heard = local(place);
  here.last_step = here.heard;
  if (!is_node(place)) return;
  const auto record = world_.record_of(place);
  if (!record) return;
  const Configuration& accepted = record->voter.accepted;
  const Configuration& newest = accepted.epoch > record->decided.epoch ? accepted : record->decided;
  here.only_member = newest.members == Members::only(node_at(place));
}

void StandInIsAlone::stopped(Place place, bool /*power_lost*/) {
  Watched fresh;
  fresh.granted_at = watched_[index_of(place)].granted_at;
  fresh.granted_until = watched_[index_of(place)].granted_until;
  watched_[index_of(place)] = fresh;
}

}  // namespace lockstep::sim
