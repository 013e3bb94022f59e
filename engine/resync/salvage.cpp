#include "engine/resync/salvage.h"

#include <string>
#include <utility>

namespace lockstep::engine {

void Salvage::begin() {
  abandon();
  scan_ = context_.next_ticket();
  context_.ports.volume.scan(scan_);
}

void Salvage::abandon() {
  expected_ = false;
  scan_ = Ticket(0);
  parked_.clear();
  moving_.clear();
  sync_ = Ticket(0);
}

Salvage::Outcome Salvage::scanned(const io::Scanned& event) {
  if (scan_ == Ticket(0) || event.ticket != scan_) return Outcome::none;
  if (event.error != 0) {
    abandon();
    return Outcome::failed;
  }
  for (const ManifestObject& object : event.manifest.objects) {
    if (object.id == FileId::root()) root_mtime_ns_ = object.attributes.mtime_ns;
  }
  for (const ManifestEntry& entry : event.manifest.entries) {
    if (entry.parent == FileId::staging()) parked_.push_back(entry);
  }
  if (!event.last) return Outcome::none;
  scan_ = Ticket(0);
  move_parked();
  return Outcome::none;
}

void Salvage::move_parked() {
  if (parked_.empty()) return bring_to_disk();
  context_.mark(Mark::salvage_moves);
  context_.note("what an unfinished resync had parked is moved to lockstep-recovered-* in the directory");
  for (ManifestEntry& entry : parked_) {
    Operation move{.kind = OperationKind::rename};
    move.file = entry.id;
    move.parent = FileId::staging();
    move.name = std::move(entry.name);
    move.new_parent = FileId::root();
    move.new_name = "lockstep-recovered-" + to_string(entry.id);
    move.new_parent_mtime_ns = root_mtime_ns_;
    const Ticket ticket = context_.next_ticket();
    moving_.insert(ticket);
    context_.ports.volume.apply(ticket, move, io::Origin::stream);
  }
  parked_.clear();
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
