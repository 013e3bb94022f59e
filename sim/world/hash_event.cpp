#include "sim/world/hash_event.h"

#include "sim/overloaded.h"

namespace lockstep::sim {

namespace {

void add(RunHash& hash, const FileId& id) {
  hash.add(id.high);
  hash.add(id.low);
}

void add(RunHash& hash, const Attributes& a) {
  hash.add(std::uint64_t{a.mask} << 32U | a.mode);
  hash.add(std::uint64_t{a.uid} << 32U | a.gid);
  hash.add(a.size_bytes);
  hash.add(a.atime_ns);
  hash.add(a.mtime_ns);
  hash.add(a.rdev);
}

void add(RunHash& hash, const Operation& operation) {
  hash.add(static_cast<std::uint64_t>(operation.kind) << 32U | operation.flags);
  add(hash, operation.file);
  add(hash, operation.parent);
  add(hash, operation.new_parent);
  hash.add_bytes(operation.name);
  hash.add_bytes(operation.new_name);
  hash.add(operation.offset);
  hash.add(operation.length);
  add(hash, operation.attributes);
  hash.add(operation.parent_mtime_ns);
  hash.add(operation.new_parent_mtime_ns);
  hash.add_bytes(operation.data);
}

void add(RunHash& hash, const Manifest& manifest) {
  for (const ManifestObject& object : manifest.objects) {
    add(hash, object.id);
    add(hash, object.attributes);
    hash.add_bytes(object.symlink_target);
    for (const auto& [name, value] : object.xattrs) {
      hash.add_bytes(name);
      hash.add_bytes(value);
    }
  }
  for (const ManifestEntry& entry : manifest.entries) {
    add(hash, entry.parent);
    hash.add_bytes(entry.name);
    add(hash, entry.id);
  }
  for (const FileId& directory : manifest.listed) add(hash, directory);
}

}  // namespace

void hash_event(RunHash& hash, const io::Event& event) {
  hash.add(std::uint64_t{event.index()});
  std::visit(Overloaded{
                 [&](const io::Booted& e) {
                   hash.add_bytes(e.journal);
                   hash.add(std::uint64_t{e.retained});
                   hash.add(e.seed);
                   hash.add(std::uint64_t{e.touches.readable});
                   hash.add_bytes(e.touches.records);
                   hash.add(e.failed_syncs);
                   hash.add(std::uint64_t{e.held});
                 },
                 [&](const io::LinkUp& e) { hash.add(static_cast<std::uint64_t>(e.endpoint)); },
                 [&](const io::LinkDown& e) { hash.add(static_cast<std::uint64_t>(e.endpoint)); },
                 [&](const io::FrameArrived& e) {
                   hash.add(static_cast<std::uint64_t>(e.endpoint));
                   hash.add_bytes(e.frame);
                 },
                 [&](const io::TimerFired& e) { hash.add(static_cast<std::uint64_t>(e.timer)); },
                 [&](const io::JournalStored& e) { hash.add(e.ticket.value); },
                 [&](const io::TouchesLogged& e) { hash.add(e.ticket.value); },
                 [&](const io::Applied& e) {
                   hash.add(e.ticket.value);
                   hash.add(std::int64_t{e.error});
                   add(hash, e.effect);
                   hash.add(e.bytes << 1U | std::uint64_t{e.replicated});
                 },
                 [&](const io::Synced& e) { hash.add(e.ticket.value); },
                 [&](const io::Scanned& e) {
                   hash.add(e.ticket.value);
                   add(hash, e.manifest);
                   hash.add(std::uint64_t{e.last});
                 },
                 [&](const io::Indexed&) {},
                 [&](const io::WorkDone& e) { hash.add(e.ticket.value); },
                 [&](const io::Digested& e) {
                   hash.add(e.ticket.value);
                   for (const std::uint64_t digest : e.digests) hash.add(digest);
                 },
                 [&](const io::RegionRead& e) {
                   hash.add(e.ticket.value);
                   for (const FilePiece& piece : e.pieces) {
                     hash.add(piece.offset);
                     hash.add(piece.length);
                     hash.add_bytes(piece.data);
                   }
                 },
                 [&](const io::SetAside& e) {
                   hash.add(e.ticket.value);
                   hash.add(std::int64_t{e.error});
                 },
                 [&](const io::MountOpened& e) { hash.add_bytes(e.error_text); },
                 [&](const io::MountClosed&) {},
                 [&](const io::RequestArrived& e) {
                   hash.add(e.request.value);
                   add(hash, e.operation);
                 },
                 [&](const io::PhaseEnded& e) { hash.add(e.ticket.value << 1U | std::uint64_t{e.succeeded}); },
                 [&](const io::CheckEnded& e) {
                   hash.add(e.ticket.value << 1U | std::uint64_t{e.passed});
                   hash.add(std::uint64_t{e.check});
                 },
                 [&](const io::CheckPrompted& e) { hash.add(std::uint64_t{e.check}); },
                 [&](const io::CommandGiven& e) {
                   hash.add(e.command_id.value);
                   hash.add(static_cast<std::uint64_t>(e.command.verb));
                 },
             },
             event);
}

}  // namespace lockstep::sim
