// Bugs that are switched on by name to show that the checkers see them. Compiled in only for test builds
// (LOCKSTEP_TEST_BUILD); elsewhere planted() is the constant false.
#pragma once

#include "engine/plants.h"

#include <cstdint>

namespace lockstep::engine {

enum class Bug : std::uint8_t {
#define PLANT(identifier, name, area, what) identifier,
#include "engine/plant_table.inc"
#undef PLANT
  count
};

/// In the order of Bug.
inline constexpr std::array<PlantInfo, static_cast<std::size_t>(Bug::count)> planted_bugs{{
#define PLANT(identifier, name, area, what) {name, area, what},
#include "engine/plant_table.inc"
#undef PLANT
}};

#ifdef LOCKSTEP_TEST_BUILD
/// Of this process.
extern Plants<planted_bugs.size()> switched_on;
inline bool planted(Bug bug) { return switched_on.on(static_cast<std::size_t>(bug)); }
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace lockstep::engine
