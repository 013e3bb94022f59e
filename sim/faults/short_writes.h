// A volume that cuts writes short for a while, as on a disk that is nearly full: a request writes fewer bytes and is
// answered with their number, the stream's write fails.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct ShortWrites {
  NodeId node;
  std::uint64_t one_in;  ///< of the writes
  Time length;

  static constexpr std::string_view kind = "short_writes";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("one_in", self.one_in);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
