// Delays, resets, cuts.
#include "sim/faults/faults.h"
#include "sim/world/world.h"

namespace lockstep::sim::faults {

namespace {

Cable& any_cable(World& world, Random& random) {
  auto cables = world.cables();
  return *random.pick(cables);
}

void heal_after(World& world, Cable& cable, Time when) {
  world.scheduler().at(when, [&cable] { cable.heal(); });
}

}  // namespace

void delays(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 4); n > 0; --n) {
    Cable& cable = any_cable(world, random);
    const Time begin = window.draw(random);
    const Time end = std::min(window.end, begin + random.between(500, 8000) * one_ms);
    const Time longest = random.between(5, 400) * one_ms;
    world.scheduler().at(begin, [&cable, longest] { cable.weather() = {longest, 2 * longest, 20}; });
    world.scheduler().at(end, [&cable] { cable.weather() = {}; });
  }
}

void resets(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 8); n > 0; --n) {
    Cable& cable = any_cable(world, random);
    world.scheduler().at(window.draw(random), [&cable] { cable.break_connection(); });
  }
}

void one_way_cuts(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 4); n > 0; --n) {
    Cable& cable = any_cable(world, random);
    const std::size_t from = random.below(2);
    const Time begin = window.draw(random);
    world.scheduler().at(begin, [&cable, from] { cable.cut(from); });
    heal_after(world, cable, std::min(window.end, begin + random.between(100, 12'000) * one_ms));
  }
}

void two_way_cuts(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 4); n > 0; --n) {
    std::vector<Cable*> cut{&any_cable(world, random)};
    if (random.chance(40)) {
      const NodeId isolated = random.pick(std::array{NodeId::first, NodeId::second});
      cut = {&world.peer_cable(), &world.witness_cable(isolated)};
    }
    const Time begin = window.draw(random);
    const Time end = std::min(window.end, begin + random.between(100, 12'000) * one_ms);
    for (Cable* cable : cut) {
      world.scheduler().at(begin, [cable] {
        cable->cut(0);
        cable->cut(1);
      });
      heal_after(world, *cable, end);
    }
  }
}

}  // namespace lockstep::sim::faults
