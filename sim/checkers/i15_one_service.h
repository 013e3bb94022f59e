// I15, the part about the application itself: it runs once.
//
// Checks, when a start begins (prestart), that no process of an earlier start is alive on that node, whatever the
// scripts said of it, and that on the other node none is alive under a lease that still runs.
//
// Does not check processes that outlive their lease: no write of theirs completes, their mount is closed and they are
// killed as soon as the machine can (i15_lease_before_start says by when). Does not look at what a daemon that was
// killed has left behind, for the same reason; the next life's first kill ends it.
#pragma once

#include "sim/checkers/gone_alone.h"

namespace lockstep::sim {

class OneService : public Observer {
 public:
  OneService(World& world, const GoneAlone& alone) : world_(world), alone_(alone) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* lease = std::get_if<io::LeaseHeld>(&event);
    if (lease != nullptr && is_node(by)) lease_until_[index_of(by)] = lease->until;
  }

  void phase_begins(NodeId node, io::Phase phase) override {
    if (phase != io::Phase::prestart) return;
    if (world_.node(node).application().alive()) {
      throw Violation("I15", std::string(to_string(node)) +
                                 " starts its application while processes of an earlier start are alive");
    }
    if (alone_.both_may_serve()) return;
    const Node& there = world_.node(other(node));
    if (there.application().alive() && there.local_now() < lease_until_[index_of(other(node))]) {
      throw Violation("I15", std::string(to_string(node)) + " starts its application while it runs on the other node");
    }
  }

 private:
  World& world_;
  const GoneAlone& alone_;
  std::array<Instant, 2> lease_until_;
};

}  // namespace lockstep::sim
