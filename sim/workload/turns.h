// Turns of one of the users, one after the other. A turn is one place of the workload: who asks, and when in the row of
// all that this user asks.
#pragma once

#include <cstdint>
#include <limits>

namespace lockstep::sim {

struct Turns {
  std::uint32_t worker;
  std::uint32_t first;
  std::uint32_t last;  ///< included

  static constexpr std::uint32_t open_end = std::numeric_limits<std::uint32_t>::max();

  [[nodiscard]] bool contains(std::uint32_t of, std::uint32_t turn) const {
    return of == worker && turn >= first && turn <= last;
  }
  static void fields(auto& self, auto& visit) {
    visit("worker", self.worker);
    visit("first", self.first);
    visit("last", self.last);
  }
};

}  // namespace lockstep::sim
