#include "sim/faults/misdirected_writes.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void MisdirectedWrites::happen(World& world) const { world.node(node).volume().trouble().misdirected_writes = count; }

std::string MisdirectedWrites::text() const {
  return "the next " + std::to_string(count) + " writes on " + std::string(to_string(node)) + " land in other files";
}

}  // namespace lockstep::sim
