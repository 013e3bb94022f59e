// The value of the configuration register: who may write, and who holds every acknowledged operation.
#pragma once

#include "engine/values/node_id.h"
#include "engine/values/strong.h"

#include <cstdint>
#include <string>

namespace lockstep {

/// A set of nodes.
struct Members {
  std::uint8_t bits = 0;

  static constexpr Members only(NodeId node) { return {static_cast<std::uint8_t>(1U << static_cast<unsigned>(node))}; }
  static constexpr Members both() { return {3}; }
  [[nodiscard]] constexpr bool contains(NodeId node) const { return ((bits >> static_cast<unsigned>(node)) & 1U) != 0; }
  constexpr bool operator==(const Members&) const = default;
};

struct Configuration {
  Epoch epoch;  ///< 0: never initialised, the other fields mean nothing
  NodeId primary = NodeId::first;
  Members members;

  constexpr bool operator==(const Configuration&) const = default;
  [[nodiscard]] constexpr bool initialised() const { return epoch.value != 0; }
};

std::string describe(const Configuration& configuration);

}  // namespace lockstep
