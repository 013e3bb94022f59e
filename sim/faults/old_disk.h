// A machine's disk is exchanged for a copy that was made of it earlier (a restored snapshot, a cloned disk).
//
// Left out where nobody else holds everything that was acknowledged, and where no other voter's journal has seen more
// of this machine than the copy knows: nothing could tell it from the original then.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct OldDisk {
  Place place;
  Time age;  ///< how long after the copy was made it is restored
  Time down;

  static constexpr std::string_view kind = "old_disk";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit.time("age", self.age);
    visit.time("down", self.down);
  }

  /// Makes the copy now; the rest comes after `age`.
  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
