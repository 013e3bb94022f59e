#include "sim/checkers/i03_single_writer.h"

namespace lockstep::sim {

bool SingleWriter::able(NodeId node) const {
  const Ability& ability = abilities_[index_of(node)];
  return ability.writable && world_.node(node).local_now() < ability.lease_until;
}

void SingleWriter::check(NodeId node) const {
  if (!able(node) || !able(other(node)) || alone_.both_may_serve()) return;
  std::string text = "both nodes can complete writes:";
  for (const NodeId id : every_node) {
    const Ability& ability = abilities_[index_of(id)];
    const Duration left = ability.lease_until - world_.node(id).local_now();
    text += " " + std::string(to_string(id)) + " in epoch " + std::to_string(ability.epoch.value) + " for another " +
            std::to_string(left.ns / one_ms) + " ms" + (world_.node(id).paused() ? " (paused)" : "");
  }
  throw Violation("I3", text);
}

void SingleWriter::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  const NodeId node = node_at(by);
  Ability& ability = abilities_[index_of(by)];
  if (const auto* lease = std::get_if<io::LeaseHeld>(&event)) {
    ability.lease_until = lease->until;
  } else if (const auto* writable = std::get_if<io::WritableChanged>(&event)) {
    ability.writable = writable->writable;
    ability.epoch = writable->epoch;
  } else if (std::holds_alternative<io::RequestAcknowledged>(event)) {
    if (!able(node)) {
      throw Violation(
          "I3", std::string(to_string(node)) + " completes a request while it is not writable or " + "has no lease");
    }
  } else {
    return;
  }
  check(node);
}

void SingleWriter::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) abilities_[index_of(place)] = {};
}

}  // namespace lockstep::sim
