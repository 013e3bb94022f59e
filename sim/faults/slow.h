// A slow cable: every frame is delayed by up to `longest`, one in 20 by up to three times that.
#pragma once

#include "sim/world/wire.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Slow {
  Wire wire;
  Time longest;
  Time length;

  static constexpr std::string_view kind = "slow";
  static void fields(auto& self, auto& visit) {
    visit("wire", self.wire);
    visit.time("longest", self.longest);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return ends_of(wire); }
};

}  // namespace lockstep::sim
