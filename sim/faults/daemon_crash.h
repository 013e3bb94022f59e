// A node's process is killed and started again after `down`; whoever starts it keeps its mount meanwhile: the
// application runs on and waits for what it has asked for. What was kept may be `spoiled`: then it cannot be taken up.
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
  bool spoiled;

  static constexpr std::string_view kind = "daemon_crash";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit.time("down", self.down);
    visit("spoiled", self.spoiled);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
