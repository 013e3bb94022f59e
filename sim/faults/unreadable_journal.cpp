#include "sim/faults/unreadable_journal.h"

#include "sim/world/world.h"

namespace lockstep::sim {

void UnreadableJournal::happen(World& world) const {
  world.journal(place).set_readable(false);
  world.machine(place).stop(false);
  world.scheduler().at(world.now() + length, [&world, place = place] {
    world.journal(place).set_readable(true);
    world.machine(place).start();
  });
}

std::string UnreadableJournal::text() const {
  return std::string(to_string(place)) + " ends, and cannot read its journal for " + in_ms(length);
}

}  // namespace lockstep::sim
