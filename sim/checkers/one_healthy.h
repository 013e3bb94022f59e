// Health: at most one node tells a load balancer OK at any instant, and only while its application runs behind an open
// mount.
//
// Checks, at every step of a node, what the health address of each node would answer by what its loop said last
// (engine::healthy, which the daemon uses too). A frozen loop answers as it did before, until that is
// too old: in the daemon another thread answers. Named I15, whose meaning to clients this is.
//
// Does not check how soon a load balancer looks, nor applications whose start script lied.
#pragma once

#include "engine/status.h"
#include "sim/checkers/gone_alone.h"

namespace lockstep::sim {

class OneHealthy : public Observer {
 public:
  OneHealthy(World& world, const GoneAlone& alone) : world_(world), alone_(alone) {}

  void stepped(Place place) override {
    if (!is_node(place)) return;
    const NodeId node = node_at(place);
    const Node& here = world_.node(node);
    said_[index_of(node)] = {here.condition(), here.local_now()};
    if (!healthy(node)) return;
    const bool runs = here.application().alive() || here.application().pretends();
    if (!here.mount().is_open() || !runs) {
      throw Violation("I15", std::string(to_string(place)) + " would tell a load balancer OK, but its " +
                                 (here.mount().is_open() ? "application does not run" : "mount is closed"));
    }
    if (healthy(other(node)) && !alone_.both_may_serve())
      throw Violation("I15", "both nodes would tell a load balancer OK");
  }
  void stopped(Place place, bool /*power_lost*/) override {
    if (is_node(place)) said_[index_of(place)] = {};
  }

 private:
  struct Said {
    engine::Condition condition;
    Instant at;
  };

  [[nodiscard]] bool healthy(NodeId node) const {
    const Node& here = world_.node(node);
    const Said& said = said_[index_of(node)];
    return engine::healthy(said.condition, said.at, here.local_now(), here.settings().timeout);
  }

  World& world_;
  const GoneAlone& alone_;
  std::array<Said, 2> said_;
};

}  // namespace lockstep::sim
