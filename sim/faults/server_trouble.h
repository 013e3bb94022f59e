// A server lacks what it must have to serve (its network, an address, another module) for a while.
#pragma once

#include "sim/world/wire.h"

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct ServerTrouble {
  NodeId node;
  Time length;

  static constexpr std::string_view kind = "server_trouble";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
