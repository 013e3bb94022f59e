// The three machines of a simulated cluster.
#pragma once

#include "engine/values/node_id.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace lockstep::sim {

enum class Place : std::uint8_t { first = 0, second = 1, witness = 2 };

inline constexpr std::array<Place, 3> every_place{Place::first, Place::second, Place::witness};
inline constexpr std::array<NodeId, 2> every_node{NodeId::first, NodeId::second};

constexpr Place place_of(NodeId node) { return static_cast<Place>(node); }
constexpr NodeId node_at(Place place) { return static_cast<NodeId>(place); }
constexpr VoterId voter_at(Place place) { return static_cast<VoterId>(place); }
constexpr bool is_node(Place place) { return place != Place::witness; }
constexpr std::size_t index_of(Place place) { return static_cast<std::size_t>(place); }
constexpr std::size_t index_of(NodeId node) { return static_cast<std::size_t>(node); }

constexpr std::string_view to_string(Place place) {
  constexpr std::string_view names[] = {"first", "second", "witness"};
  return names[index_of(place)];
}

}  // namespace lockstep::sim
