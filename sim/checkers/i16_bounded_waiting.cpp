#include "sim/checkers/i16_bounded_waiting.h"

namespace lockstep::sim {

namespace {
constexpr std::uint64_t steps_between_checks = 32;
constexpr Time asleep = 500 * one_ms;
constexpr std::int64_t timeouts_waited_max = 4;  // noticing, leaving the peer out, retries of the register
constexpr Time waited_besides_max = 5 * one_second;
}  // namespace

void BoundedWaiting::delivering(Place to, const io::Event& event) {
  if (!is_node(to)) return;
  Watched& watched = watched_[index_of(to)];
  if (const auto* arrived = std::get_if<io::RequestArrived>(&event)) watched.arrived[arrived->request] = world_.now();
  if (std::holds_alternative<io::MountClosed>(event)) watched.arrived.clear();
}

void BoundedWaiting::traced(Place by, const io::TraceEvent& event) {
  const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event);
  if (acknowledged != nullptr && is_node(by)) watched_[index_of(by)].arrived.erase(acknowledged->request);
}

void BoundedWaiting::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) forget(node_at(place));
}

void BoundedWaiting::stepped(Place place) {
  if (!is_node(place)) return;
  Watched& watched = watched_[index_of(place)];
  const Time now = world_.now();
  if (now - watched.last_step > asleep) watched.last_excuse = now;
  watched.last_step = now;
  if (++watched.steps % steps_between_checks != 0) return;

  const Node& node = world_.node(node_at(place));
  const std::string who(to_string(place));
  const engine::Status status = node.status();
  if (status.requests_waiting > node.settings().requests_pending_max) {
    throw Violation("I16", who + " has more requests waiting than its setting allows");
  }
  const bool serves = status.role == engine::Role::prim || status.role == engine::Role::alone;
  if (!serves || status.frozen || !node.mount().is_open()) {
    watched.last_excuse = now;
    return;
  }
  const bool timer = node.timers().armed(io::TimerId::acknowledgement) || node.timers().armed(io::TimerId::heartbeat) ||
                     node.timers().armed(io::TimerId::link_grace);
  if (status.requests_waiting > 0 && !timer) throw Violation("I16", who + " has requests waiting and no timer armed");

  const Time longest = timeouts_waited_max * node.settings().timeout.ns + waited_besides_max;
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
