// A disk that hangs for a while: no call takes effect and none is answered; afterwards all of them, in order.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct HangingDisk {
  NodeId node;
  Time length;

  static constexpr std::string_view kind = "hanging_disk";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
