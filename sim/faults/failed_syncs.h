// The next syncs of a volume fail (EIO), and what they were to write is lost though it reads well: later syncs succeed
// without it. So Linux does it when a write-back fails.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct FailedSyncs {
  NodeId node;
  std::uint32_t count;

  static constexpr std::string_view kind = "failed_syncs";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("count", self.count);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
