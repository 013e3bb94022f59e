// Crashes, power losses, pauses.
#include "sim/faults/faults.h"
#include "sim/world/world.h"

namespace lockstep::sim::faults {

namespace {

void stop_and_restart(World& world, Place place, Time when, Time restart, bool power_lost) {
  world.scheduler().at(when, [&world, place, power_lost] { world.machine(place).stop(power_lost); });
  world.scheduler().at(restart, [&world, place] { world.machine(place).start(); });
}

Place any_node(Random& random) { return random.pick(std::array{Place::first, Place::second}); }

}  // namespace

void process_crashes(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 5); n > 0; --n) {
    const Time when = window.draw(random);
    const Time down = random.chance(50) ? random.between(20, 500) : random.between(500, 10'000);
    stop_and_restart(world, any_node(random), when, when + down * one_ms, false);
  }
}

void witness_crashes(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 3); n > 0; --n) {
    const Time when = window.draw(random);
    const Time restart = when + random.between(20, 10'000) * one_ms;
    stop_and_restart(world, Place::witness, when, restart, random.chance(50));
  }
}

void power_losses(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 3); n > 0; --n) {
    const Time when = window.draw(random);
    const Place place = any_node(random);
    stop_and_restart(world, place, when, when + random.between(500, 12'000) * one_ms, true);
    if (!world.mix().power_lost_together || !random.chance(50)) continue;
    const Place peer = place == Place::first ? Place::second : Place::first;
    const Time peer_when = when + random.between(0, 50) * one_ms;
    stop_and_restart(world, peer, peer_when, peer_when + random.between(500, 12'000) * one_ms, true);
  }
}

void pauses(World& world, Random random, Window window) {
  for (std::int64_t n = random.between(1, 4); n > 0; --n) {
    const Place place = random.one_in(5) ? Place::witness : any_node(random);
    const Time when = window.draw(random);
    const Time resume = std::min(window.end, when + random.between(100, 12'000) * one_ms);
    world.scheduler().at(when, [&world, place] { world.machine(place).pause(); });
    world.scheduler().at(resume, [&world, place] { world.machine(place).resume(); });
  }
}

}  // namespace lockstep::sim::faults
