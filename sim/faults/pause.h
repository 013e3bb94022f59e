// A process stands still while the time goes on, and goes on late with all that has come meanwhile.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Pause {
  Place place;
  Time length;

  static constexpr std::string_view kind = "pause";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
