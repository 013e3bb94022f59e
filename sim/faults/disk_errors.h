// A volume refuses calls for a while: its disk errs, is full, over its quota or read-only. What is refused changes
// nothing (io/volume.h).
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

class World;

/// Whose calls.
enum class DiskCalls : std::uint8_t { requests, stream, reads, all };

constexpr std::string_view to_string(DiskCalls calls) {
  constexpr std::string_view names[] = {"requests", "stream", "reads", "all"};
  return names[static_cast<std::size_t>(calls)];
}
constexpr auto values_of(DiskCalls) {
  return std::array{DiskCalls::requests, DiskCalls::stream, DiskCalls::reads, DiskCalls::all};
}

struct DiskErrors {
  NodeId node;
  DiskCalls calls;
  int error;             ///< an errno
  std::uint64_t one_in;  ///< of the calls fails
  Time length;

  static constexpr std::string_view kind = "disk_errors";
  static void fields(auto& self, auto& visit) {
    visit("node", self.node);
    visit("calls", self.calls);
    visit("error", self.error);
    visit("one_in", self.one_in);
    visit.time("length", self.length);
  }

  void happen(World& world) const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<Place> where() const { return {place_of(node)}; }
};

}  // namespace lockstep::sim
