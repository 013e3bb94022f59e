#include "sim/faults/script_trouble.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void ScriptTrouble::happen(World& world) const {
  SimApplication& application = world.node(node).application();
  application.set_conduct(phase, conduct);
  world.scheduler().at(world.now() + length,
                       [&application, phase = phase] { application.set_conduct(phase, Conduct::well); });
}

std::string ScriptTrouble::text() const {
  constexpr std::string_view ways[] = {"goes well", "hangs", "fails", "lies", "takes long"};
  return std::string(to_string(node)) + "'s " + std::string(to_string(phase)) + " " +
         std::string(ways[static_cast<std::size_t>(conduct)]) + " for " + in_ms(length);
}

}  // namespace lockstep::sim
