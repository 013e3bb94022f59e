#include "sim/checkers/i16_bounded_waiting.h"

namespace lockstep::sim {

namespace {
constexpr std::uint64_t steps_between_checks = 31;
constexpr Time asleep_after = 500 * one_ms;
constexpr std::int64_t timeouts_waited_max = 4;     // noticing, leaving the peer out, retries of the register
constexpr std::int64_t timeouts_between_votes = 4;  // where all of them come over one link, which may be slow
constexpr Time waited_besides_max = 5 * one_second;
}  // namespace

void BoundedWaiting::delivering(Place to, const io::Event& event) {
  if (!is_node(to)) return;
  Watched& watched = watched_[index_of(to)];
  if (const auto* arrived = std::get_if<io::RequestArrived>(&event)) watched.arrived[arrived->request] = world_.now();
  if (std::holds_alternative<io::MountClosed>(event)) forget(watched);
}

void BoundedWaiting::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  Watched& watched = watched_[index_of(by)];
  if (const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event)) {
    watched.arrived.erase(acknowledged->request);
    watched.waits_for_peer.erase(acknowledged->request);
  } else if (const auto* ordered = std::get_if<io::OperationOrdered>(&event)) {
    // What else an operation waits for is not known: a sync for the own disk, in mode durable any.
    const bool replicated = world_.mix().durability == engine::Durability::replicated;
    const bool sync = ordered->operation->kind == OperationKind::sync;
    if (ordered->request.value != 0 && replicated && !sync) watched.waits_for_peer.insert(ordered->request);
  }
}

void BoundedWaiting::check_timer(const Node& node, const engine::Status& status, Watched& watched) const {
  std::erase_if(watched.waits_for_peer, [&](RequestId request) { return !node.mount().waits(request); });
  const auto armed = [&](io::TimerId timer) { return node.timers().armed(timer); };
  const bool for_peer = !watched.waits_for_peer.empty() && status.role == engine::Role::prim;
  const bool timer = armed(io::TimerId::acknowledgement) || armed(io::TimerId::link_grace) ||
                     (for_peer ? armed(io::TimerId::register_retry) : armed(io::TimerId::heartbeat));
  if (timer || (status.requests_waiting == 0 && !for_peer)) return;
  throw Violation("I16", std::string(to_string(node.id())) + " has requests waiting" +
                             (for_peer ? " for the other node" : "") + " and no timer armed");
}

void BoundedWaiting::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) forget(watched_[index_of(place)]);
}

void BoundedWaiting::stepped(Place place) {
  if (!is_node(place)) return;
  Watched& watched = watched_[index_of(place)];
  const Time now = world_.now();
  if (now - watched.last_step > asleep_after) watched.last_excuse = now;
  watched.last_step = now;
  if (++watched.steps % steps_between_checks != 0) return;

  const Node& node = world_.node(node_at(place));
  const std::string who(to_string(place));
  const engine::Status status = node.status();
  if (status.requests_waiting > node.settings().requests_pending_max) {
    throw Violation("I16", who + " has more requests waiting than its setting allows");
  }
  const bool serves = status.role == engine::Role::prim || status.role == engine::Role::alone;
  // Nobody else has what is asked of a lone node's disk.
  const bool disk_hangs_alone = node.volume().hangs() && status.role == engine::Role::alone;
  if (!serves || status.frozen || !node.mount().is_open() || disk_hangs_alone) {
    watched.last_excuse = now;
    return;
  }
  check_timer(node, status, watched);

  const std::int64_t timeouts = timeouts_waited_max + (world_.votes(Place::witness) ? 0 : timeouts_between_votes);
  const Time longest = timeouts * node.settings().timeout.ns + waited_besides_max;
  std::erase_if(watched.arrived, [&](const auto& entry) { return !node.mount().waits(entry.first); });
  for (const auto& [request, arrived] : watched.arrived) {
    const Time waited = now - std::max(arrived, watched.last_excuse);
    if (waited > longest) {
      throw Violation("I16", who + " lets request " + std::to_string(request.value) + " wait for " +
                                 std::to_string(waited / one_ms) + " ms: " + status.reason);
    }
  }
}

}  // namespace lockstep::sim
