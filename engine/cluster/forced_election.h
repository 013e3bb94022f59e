// The numbers of an election that an administrator forces.
//
// It may be won with the vote of a voter that has forgotten its promises, while the one who remembers them is away:
// epochs and ballots may have been used that nobody who takes part has heard of. So its own lie far above all that it
// has heard of, further than ordinary changes get, and those of the two nodes apart from each other.
#pragma once

#include "engine/values/node_id.h"
#include "engine/values/strong.h"

#include <cstdint>

namespace lockstep::engine {

/// More changes than a cluster sees between two forced elections.
inline constexpr std::uint64_t forced_stride = std::uint64_t{1} << 16U;

constexpr std::uint64_t forced_round(std::uint64_t newest) { return (newest / forced_stride + 1) * forced_stride; }

constexpr Epoch forced_epoch(Epoch newest, NodeId by) {
  const std::uint64_t own = by == NodeId::first ? 0 : forced_stride / 2;
  return Epoch((newest.value / forced_stride + 1) * forced_stride + own);
}

/// Whether the epoch is one that an administrator has forced on this node's behalf, with nothing decided since.
constexpr bool is_forced_epoch(Epoch epoch, NodeId by) {
  return epoch.value >= forced_stride && epoch == forced_epoch(Epoch(epoch.value - forced_stride), by);
}

/// Equal for two epochs between which no election was forced. What one node was forced to and what the other was are
/// two series, also where neither had heard of the other's.
constexpr std::uint64_t forced_series(Epoch epoch) { return epoch.value / (forced_stride / 2); }

}  // namespace lockstep::engine
