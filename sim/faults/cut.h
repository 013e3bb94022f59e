// A cut cable: one direction or both carry nothing. What was sent is held back; it arrives when the cable heals before
// the connection is given up (after 2 to 10 s).
#pragma once

#include "sim/world/wire.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Cut {
  Wire wire;
  bool from_left;
  bool from_right;
  Time length;

  static constexpr std::string_view kind = "cut";
  static void fields(auto& self, auto& visit) {
    visit("wire", self.wire);
    visit("from_left", self.from_left);
    visit("from_right", self.from_right);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return ends_of(wire); }
};

}  // namespace lockstep::sim
