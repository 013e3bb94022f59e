#include "sim/faults/old_disk.h"

#include "engine/cluster/journal_record.h"
#include "sim/world/world.h"

#include <algorithm>
#include <memory>

namespace lockstep::sim {

namespace {

std::uint64_t seen_elsewhere(World& world, Place place) {
  std::uint64_t least = UINT64_MAX;
  for (const Place witness : every_place) {
    if (witness == place || !world.votes(witness)) continue;
    const auto record = world.record_of(witness);
    least = std::min(least, record ? record->seen[index_of(place)].sequence : 0);
  }
  return least;
}

void restore(World& world, Place place, const World::DiskCopy& copy, Time down) {
  if (!world.may_lose_disk(place)) return;
  const auto record = world.record_in(place, copy.journal);
  if (!record || seen_elsewhere(world, place) <= record->sequence) return;
  world.exchange_disk(place, copy);
  world.scheduler().at(world.now() + down, [&world, place] { world.machine(place).start(); });
}

}  // namespace

void OldDisk::happen(World& world) const {
  auto copy = std::make_shared<const World::DiskCopy>(world.copy_disk(place));
  world.scheduler().at(world.now() + age, [&world, place = place, copy, down = down, healings = world.healings()] {
    if (healings == world.healings()) restore(world, place, *copy, down);
  });
}

std::string OldDisk::text() const {
  return std::string(to_string(place)) + "'s disk is copied; after " + in_ms(age) +
         " the copy takes its place, and it starts again after another " + in_ms(down);
}

}  // namespace lockstep::sim
