// The application on one node dies, hangs, or dies again soon after each start, by itself.
#pragma once

#include "sim/world/wire.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

enum class Failing : std::uint8_t { dies, hangs, flaps };

constexpr std::string_view to_string(Failing failing) {
  constexpr std::string_view names[] = {"dies", "hangs", "flaps"};
  return names[static_cast<std::size_t>(failing)];
}
constexpr auto values_of(Failing) { return std::array{Failing::dies, Failing::hangs, Failing::flaps}; }

struct ApplicationTrouble {
  NodeId node;
  Failing failing;
  Time length;  ///< of flapping, and until one that hangs recovers if nobody starts it anew

  static constexpr std::string_view kind = "application_trouble";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("failing", self.failing);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
