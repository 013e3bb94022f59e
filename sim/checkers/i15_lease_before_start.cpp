#include "sim/checkers/i15_lease_before_start.h"

#include "sim/checkers/asleep.h"

namespace lockstep::sim {

namespace {
constexpr Duration stop_within = milliseconds(1000);  // after the lease: a kill, and the mount closed
}  // namespace

void LeaseBeforeStart::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  Holder& here = holders_[index_of(by)];
  if (const auto* lease = std::get_if<io::LeaseHeld>(&event)) {
    here.lease_until = lease->until;
  } else if (const auto* writable = std::get_if<io::WritableChanged>(&event)) {
    here.writable = writable->writable;
  } else if (const auto* starting = std::get_if<io::ApplicationStarting>(&event)) {
    const NodeId peer = other(node_at(by));
    const Holder& there = holders_[index_of(peer)];
    const Node& machine = world_.node(peer);
    const bool lease_runs = machine.local_now() < there.lease_until && !alone_.both_may_serve();
    const bool application = machine.application().alive();
    if (machine.running() && lease_runs && (there.writable || machine.mount().is_open() || application)) {
      throw Violation("I15", std::string(to_string(by)) + " starts its application in epoch " +
                                 std::to_string(starting->epoch.value) + " while " + std::string(to_string(peer)) +
                                 " holds a lease and " +
                                 (there.writable              ? "may write"
                                  : machine.mount().is_open() ? "has its mount open"
                                                              : "its application runs"));
    }
  }
}

void LeaseBeforeStart::stepped(Place place) {
  if (!is_node(place)) return;
  Holder& here = holders_[index_of(place)];
  const Node& machine = world_.node(node_at(place));
  const Instant now = machine.local_now();
  if (now - here.last_step > asleep) here.awake_since = now;
  here.last_step = now;
  if (!machine.mount().is_open() && !machine.application().alive()) {
    here.resistance = {};
    return;
  }
  // Processes that resist being killed can do nothing once the mount is closed.
  const Duration resistance{machine.mount().is_open() ? 0 : machine.application().kill_max()};
  here.resistance = std::max(here.resistance, resistance);
  const Instant deadline =
      std::max({here.lease_until, here.awake_since, here.held_until}) + stop_within + here.resistance;
  if (now > deadline) {
    throw Violation("I15", std::string(to_string(place)) +
                               (machine.mount().is_open() ? " has its mount open " : " has its application running ") +
                               std::to_string((now - here.lease_until).ns / one_ms) + " ms after its lease ended");
  }
}

// An application that outlived its daemon has as long as a lease to find its node the primary again.
void LeaseBeforeStart::started(Place place) {
  if (!is_node(place)) return;
  const Node& machine = world_.node(node_at(place));
  if (machine.mount().is_held())
    holders_[index_of(place)].held_until = machine.local_now() + machine.settings().timeout;
}

void LeaseBeforeStart::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) holders_[index_of(place)] = {};
}

}  // namespace lockstep::sim
