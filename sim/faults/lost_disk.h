// A machine dies with its disk and comes back, under its old name, with another one: an empty one, its own one with an
// empty directory (a filesystem that was not mounted), or a clone of the other node's.
//
// Left out where nobody else holds everything that was acknowledged: no system could survive that.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct LostDisk {
  enum class Found : std::uint8_t { nothing, empty_directory, clone_of_other };
  friend constexpr auto values_of(Found) {
    return std::array{Found::nothing, Found::empty_directory, Found::clone_of_other};
  }
  friend constexpr std::string_view to_string(Found what) {
    constexpr std::string_view names[] = {"nothing", "empty_directory", "clone_of_other"};
    return names[static_cast<std::size_t>(what)];
  }

  Place place;
  Found found;  ///< of the witness: nothing
  Time down;

  static constexpr std::string_view kind = "lost_disk";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit("found", self.found);
    visit.time("down", self.down);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
