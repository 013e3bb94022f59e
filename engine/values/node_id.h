// The voters of a module: two nodes that hold data and the witness that holds none.
#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

/// One of the two servers that hold data.
enum class NodeId : std::uint8_t { first = 0, second = 1 };

/// One of the three votes of the configuration register.
enum class VoterId : std::uint8_t { first = 0, second = 1, witness = 2 };

constexpr NodeId other(NodeId node) { return node == NodeId::first ? NodeId::second : NodeId::first; }
constexpr VoterId voter(NodeId node) { return static_cast<VoterId>(node); }
constexpr std::string_view to_string(NodeId node) { return node == NodeId::first ? "first" : "second"; }

}  // namespace lockstep
