// An application that holds on: processes that are killed, and the mount that they keep busy, take long to be gone.
#pragma once

#include "sim/world/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct SlowEnd {
  NodeId node;
  Time longest;
  Time length;

  static constexpr std::string_view kind = "slow_end";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit.time("longest", self.longest);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
