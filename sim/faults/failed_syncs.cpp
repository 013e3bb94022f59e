#include "sim/faults/failed_syncs.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void FailedSyncs::happen(World& world) const { world.node(node).volume().trouble().failing_syncs = count; }

std::string FailedSyncs::text() const {
  return std::string(to_string(node)) + "'s disk fails the next " + std::to_string(count) + " syncs";
}

}  // namespace lockstep::sim
