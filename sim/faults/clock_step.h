// A node's wall clock (not its monotonic one) jumps: file times of what follows are wrong by that much.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct ClockStep {
  NodeId node;
  bool back;
  Time by;

  static constexpr std::string_view kind = "clock-step";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("back", self.back);
    visit.time("by", self.by);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
