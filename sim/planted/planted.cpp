#include "sim/planted/planted.h"

#include "engine/planted.h"

namespace lockstep::sim {

namespace {
std::array<bool, static_cast<std::size_t>(SimBug::count)> switched_on{};
}

bool planted(SimBug bug) { return switched_on[static_cast<std::size_t>(bug)]; }

bool plant_by_name(std::string_view name) {
  for (const SimBugInfo& info : sim_bugs) {
    if (info.name != name) continue;
    switched_on[static_cast<std::size_t>(info.bug)] = true;
    return true;
  }
#ifdef LOCKSTEP_PLANTED_BUGS
  return engine::plant(name);
#else
  return false;
#endif
}

}  // namespace lockstep::sim
