// Sectors of files on one node's disk cannot be read: whoever reads there gets EIO, until they are written anew or the
// disk reads them again after all.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct BadSectors {
  NodeId node;
  std::uint32_t sectors;
  Time length;

  static constexpr std::string_view kind = "bad_sectors";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("sectors", self.sectors);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
