// A machine stands still and its monotonic clock with it, as a virtual machine's may that its host suspends: when it
// goes on, it believes that no time has passed. Of the witness and of a node that is not primary that only costs
// availability, since what they granted lasts longer than they know; these it strikes. A primary's clock that stands
// still is beyond every bound on drift, and its machine is only paused here.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Freeze {
  Place place;
  Time length;

  static constexpr std::string_view kind = "freeze";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
