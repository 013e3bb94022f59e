#include "sim/faults/bit_rot.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void BitRot::happen(World& world) const {
  for (std::uint32_t i = 0; i < bits; ++i) world.node(node).volume().rot();
}

std::string BitRot::text() const {
  return std::to_string(bits) + " bits flip on " + std::string(to_string(node)) + "'s disk";
}

}  // namespace lockstep::sim
