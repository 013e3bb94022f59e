#include "sim/planted/planted.h"

#include "engine/planted.h"

namespace lockstep::sim {

namespace {
engine::Plants<sim_bugs.size()> switched_on{sim_bugs};
}

bool planted(SimBug bug) { return switched_on.on(static_cast<std::size_t>(bug)); }

bool plant_by_name(std::string_view name) {
  if (switched_on.plant(name)) return true;
#ifdef LOCKSTEP_TEST_BUILD
  return engine::switched_on.plant(name);
#else
  return false;
#endif
}

std::vector<engine::PlantInfo> every_plant() {
  std::vector<engine::PlantInfo> all(engine::planted_bugs.begin(), engine::planted_bugs.end());
  all.insert(all.end(), sim_bugs.begin(), sim_bugs.end());
  return all;
}

// What only a verify can get wrong shows where much rots and is compared; what a store that loses its record may do,
// where it does; what a node does alone, where there is no third vote. What takes a crash at one moment of a resync is
// rare among all faults.
std::string_view profile_that_shows(const engine::PlantInfo& plant) {
  if (plant.name == "contents-before-names" || plant.name == "folds-over-changes") return "resync";
  const bool own_profile = plant.area == "store" || plant.area == "isolation";
  return plant.area == "verify" ? "rot" : own_profile ? plant.area : "all";
}

}  // namespace lockstep::sim
