// A machine whose journal cannot be read: its process ends, and none starts until somebody has mended it. What it
// contains then is what was stored last. (A journal that reads back something older is a disk replaced by a copy.)
#pragma once

#include "sim/world/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct UnreadableJournal {
  Place place;
  Time length;

  static constexpr std::string_view kind = "unreadable_journal";
  static void fields(auto& self, auto& visit) {
    visit("place", self.place);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place}; }
};

}  // namespace lockstep::sim
