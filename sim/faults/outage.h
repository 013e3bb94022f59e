// A process ends at once and a new one starts after `down`: killed, or with the power of its machine, when un-synced
// bytes and names land in any legal subset.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Outage {
  Place place;
  bool power_lost;
  Time down;

  static constexpr std::string_view kind = "outage";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit("power_lost", self.power_lost);
    visit.time("down", self.down);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
