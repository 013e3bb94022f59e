// A cable that flips a bit of some frames, below every checksum but the frame's own.
#pragma once

#include "sim/world/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

struct DamagedFrames {
  Wire wire;
  std::uint64_t one_in;  ///< of the frames
  Time length;

  static constexpr std::string_view kind = "damaged_frames";
  static void fields(auto& self, auto& visit) {
    visit("wire", self.wire);
    visit("one_in", self.one_in);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return ends_of(wire); }
};

}  // namespace lockstep::sim
