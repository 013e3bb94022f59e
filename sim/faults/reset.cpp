#include "sim/faults/reset.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void Reset::happen(World& world) const { world.cable(wire).break_connection(); }

std::string Reset::text() const { return "the connection " + std::string(to_string(wire)) + " breaks"; }

}  // namespace lockstep::sim
