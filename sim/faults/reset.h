// A connection breaks with what is in flight, perhaps in the middle of a frame. One side may notice it late (half
// open): as Cable::break_connection() draws it.
#pragma once

#include "sim/world/wire.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Reset {
  Wire wire;

  static constexpr std::string_view kind = "reset";
  static void fields(auto& self, auto& visit) { visit("wire", self.wire); }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return ends_of(wire); }
};

}  // namespace lockstep::sim
