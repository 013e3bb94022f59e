#include "engine/resync/salvage.h"

#include <string>

namespace lockstep::engine {

void Salvage::begin() {
  abandon();
  scan_ = context_.next_ticket();
  context_.ports.volume.scan(scan_);
}

void Salvage::abandon() {
  expected_ = false;
  scan_ = Ticket(0);
  moving_.clear();
  sync_ = Ticket(0);
}

Salvage::Outcome Salvage::scanned(const io::Scanned& event) {
  if (scan_ == Ticket(0) || event.ticket != scan_) return Outcome::none;
  scan_ = Ticket(0);
  if (event.error != 0) return Outcome::failed;
  for (const ManifestEntry& entry : event.manifest.entries) {
    if (entry.parent != FileId::staging()) continue;
    Operation move{.kind = OperationKind::rename};
    move.file = entry.id;
    move.parent = FileId::staging();
    move.name = entry.name;
    move.new_parent = FileId::root();
    move.new_name = "lockstep-recovered-" + to_string(entry.id);
    move.new_parent_mtime_ns = event.manifest.objects.front().attributes.mtime_ns;
    const Ticket ticket = context_.next_ticket();
    moving_.insert(ticket);
    context_.ports.volume.apply(ticket, move, io::Origin::stream);
  }
  if (moving_.empty()) {
    bring_to_disk();
    return Outcome::none;
  }
  context_.mark(Mark::salvage_moves);
  context_.note("what an unfinished resync had parked is moved to lockstep-recovered-* in the directory");
  return Outcome::none;
}

Salvage::Outcome Salvage::applied(const io::Applied& event) {
  if (moving_.erase(event.ticket) == 0) return Outcome::none;
  if (event.error != 0) {
    abandon();
    return Outcome::failed;
  }
  if (moving_.empty()) bring_to_disk();
  return Outcome::none;
}

// Not before: a power loss could put back into its hiding place what has left it, also long ago and by a resync.
void Salvage::bring_to_disk() {
  sync_ = context_.next_ticket();
  context_.own_disk.sync_unhurried(sync_);
}

Salvage::Outcome Salvage::synced(const io::Synced& event) {
  if (sync_ == Ticket(0) || event.ticket != sync_) return Outcome::none;
  abandon();
  return event.error == 0 ? Outcome::done : Outcome::failed;
}

}  // namespace lockstep::engine
