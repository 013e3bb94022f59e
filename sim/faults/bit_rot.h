// Bits of files flip at rest on one node's disk, and nothing says so.
#pragma once

#include "sim/world/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct BitRot {
  NodeId node;
  std::uint32_t bits;

  static constexpr std::string_view kind = "bit_rot";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("bits", self.bits);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
