// A check on one node hangs, lies, wavers or is slow for a while.
#pragma once

#include "sim/ports/checks.h"
#include "sim/world/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct CheckTrouble {
  NodeId node;
  std::uint32_t check;  ///< its place in the settings; one that does not exist is no trouble
  CheckConduct conduct;
  Time length;

  static constexpr std::string_view kind = "check_trouble";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("check", self.check);
    visit("conduct", self.conduct);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
