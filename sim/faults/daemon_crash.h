// A node's process is killed and started again after `down`; whoever starts it keeps its mount meanwhile: the
// application runs on and waits for what it has asked for.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct DaemonCrash {
  NodeId node;
  Time down;

  static constexpr std::string_view kind = "daemon_crash";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit.time("down", self.down);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
