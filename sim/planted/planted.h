// Bugs of the simulated world itself, switched on by name: broken hardware and ports that the checkers must see.
#pragma once

#include "engine/plants.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace lockstep::sim {

enum class SimBug : std::uint8_t {
#define PLANT(identifier, name, area, what) identifier,
#include "sim/planted/plant_table.inc"
#undef PLANT
  count
};

/// In the order of SimBug.
inline constexpr std::array<engine::PlantInfo, static_cast<std::size_t>(SimBug::count)> sim_bugs{{
#define PLANT(identifier, name, area, what) {name, area, what},
#include "sim/planted/plant_table.inc"
#undef PLANT
}};

bool planted(SimBug bug);
/// Switches a bug of the engine or of the simulated world on; false if there is none of that name.
bool plant_by_name(std::string_view name);
/// Those of the engine, then those of the world.
std::vector<engine::PlantInfo> every_plant();
/// The profile whose runs show it.
std::string_view profile_that_shows(const engine::PlantInfo& plant);

}  // namespace lockstep::sim
