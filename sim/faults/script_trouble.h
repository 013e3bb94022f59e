// A phase of the application on one node goes wrong for a while: it hangs, fails, lies or takes long.
#pragma once

#include "sim/ports/application.h"
#include "sim/world/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct ScriptTrouble {
  NodeId node;
  io::Phase phase;
  Conduct conduct;
  Time length;

  static constexpr std::string_view kind = "script_trouble";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("phase", self.phase);
    visit("conduct", self.conduct);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
