// The next writes on one node land in another file (at the same offset), though they are reported as done.
#pragma once

#include "sim/world/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct MisdirectedWrites {
  NodeId node;
  std::uint32_t count;

  static constexpr std::string_view kind = "misdirected_writes";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("count", self.count);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
