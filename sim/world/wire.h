// The three cables of a simulated cluster, by name.
#pragma once

#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim {

enum class Wire : std::uint8_t { first_witness = 0, second_witness = 1, peers = 2 };

inline constexpr std::array<Wire, 3> every_wire{Wire::first_witness, Wire::second_witness, Wire::peers};

constexpr Wire witness_wire(NodeId node) { return static_cast<Wire>(node); }
constexpr std::size_t index_of(Wire wire) { return static_cast<std::size_t>(wire); }

constexpr std::string_view to_string(Wire wire) {
  constexpr std::string_view names[] = {"first - witness", "second - witness", "first - second"};
  return names[index_of(wire)];
}

/// Left and right, as Cable has them.
inline std::vector<Place> ends_of(Wire wire) {
  switch (wire) {
    case Wire::first_witness: return {Place::first, Place::witness};
    case Wire::second_witness: return {Place::second, Place::witness};
    case Wire::peers: break;
  }
  return {Place::first, Place::second};
}

inline std::string in_ms(Time length) { return std::to_string(length / one_ms) + " ms"; }

}  // namespace lockstep::sim
