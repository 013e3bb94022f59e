#include "sim/faults/lost_disk.h"

#include "sim/world/world.h"

namespace lockstep::sim {

namespace {

World::DiskCopy disk_of(const LostDisk& fault, World& world) {
  World::DiskCopy disk;
  if (!is_node(fault.place)) return disk;
  const NodeId node = node_at(fault.place);
  if (fault.found == LostDisk::Found::clone_of_other) return world.copy_disk(place_of(other(node)));
  if (fault.found == LostDisk::Found::empty_directory) {
    disk.journal = world.journal_of(fault.place);
    disk.touches = world.node(node).touches().durable();
  }
  disk.volume = SimVolume::blank(world.node(node).random().next());
  return disk;
}

}  // namespace

void LostDisk::happen(World& world) const {
  if (!world.may_lose_disk(place)) return;
  world.exchange_disk(place, disk_of(*this, world));
  world.scheduler().at(world.now() + down, [&world, place = place] { world.machine(place).start(); });
}

std::string LostDisk::text() const {
  return std::string(to_string(place)) +
         std::string(found == Found::nothing           ? " gets a new, empty disk"
                     : found == Found::empty_directory ? " finds an empty directory"
                                                       : " gets a clone of the other's disk") +
         ", starts again after " + in_ms(down);
}

}  // namespace lockstep::sim
