// An administrator's command at one node.
#pragma once

#include "io/console.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

class World;

struct Order {
  NodeId node;
  io::Command command;

  static constexpr std::string_view kind = "order";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("verb", self.command.verb);
    visit("force", self.command.force);
    visit("full", self.command.full);
    visit("repair", self.command.repair);
    visit("cancel", self.command.cancel);
  }

  /// Nobody hears it where no daemon runs.
  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
