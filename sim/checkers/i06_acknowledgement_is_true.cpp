#include "sim/checkers/i06_acknowledgement_is_true.h"

namespace lockstep::sim {

void AcknowledgementIsTrue::traced(Place by, const io::TraceEvent& event) {
  const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event);
  if (acknowledged == nullptr) return;
  if (acknowledged->lsn.value == 0) {
    if (!changes_namespace(acknowledged->kind)) return;
    throw Violation("I6", std::string(to_string(by)) + " acknowledges request " +
                              std::to_string(acknowledged->request.value) + " (" +
                              std::string(to_string(acknowledged->kind)) +
                              ") as if it concerned no other node, but names concern both");
  }
  const auto entry = history_.find(acknowledged->request);
  if (!entry) return;  // the checker of I1 says so
  const NodeId primary = node_at(by);
  if (alone_.apart(primary)) return;
  for (const NodeId member : every_node) {
    if (register_.newest().members.contains(member)) check_member(primary, member, *entry, acknowledged->kind);
  }
}

bool AcknowledgementIsTrue::on_disk(NodeId member, const HistoryEntry& entry, bool contents) const {
  const std::uint64_t sequence = entry.sequence[index_of(member)];
  if (sequence == 0) return true;
  const SimVolume& volume = world_.node(member).volume();
  if (changes_namespace(entry.operation.kind) && !volume.disk().names_durable(sequence)) return false;
  const bool creates = entry.operation.kind == OperationKind::create && contents;
  if (changes_namespace(entry.operation.kind) && !creates) return true;
  const auto number = volume.filesystem().number_of(entry.operation.file);
  // What no name leads to any more is not to be had after a power loss, whatever of it is on disk.
  if (!number || volume.filesystem().inode(*number).names == 0) return true;
  return volume.disk().contents_durable(*number, sequence);
}

void AcknowledgementIsTrue::check_member(NodeId primary, NodeId member, std::size_t entry, OperationKind kind) {
  const History::Replica& replica = history_.replica(member);
  const bool is_replica = member != primary;
  if (is_replica && (replica.power_lost || !replica.following)) return;
  const auto fail = [&](const HistoryEntry& missing, const char* what) {
    throw Violation("I6", std::string(to_string(primary)) + " acknowledges request " +
                              std::to_string(history_.entries()[entry].request.value) + " (" +
                              std::string(to_string(kind)) + "), but " + std::string(to_string(member)) + " has not " +
                              what + " " + std::to_string(missing.epoch.value) + ":" +
                              std::to_string(missing.lsn.value) + " " + describe(missing.operation));
  };
  const auto& entries = history_.entries();
  const engine::Durability durability = world_.mix().durability;
  const bool sync = kind == OperationKind::sync;
  if (is_replica && (durability != engine::Durability::commit || sync)) {
    for (std::size_t i = replica.position; i <= entry; ++i) {
      const OperationKind missing = entries[i].operation.kind;
      if (missing != OperationKind::sync && missing != OperationKind::filled) fail(entries[i], "applied");
    }
  }
  if (!sync) {
    if (durability == engine::Durability::durable && !on_disk(member, entries[entry], true))
      fail(entries[entry], "on disk");
    return;
  }
  const FileId file = entries[entry].operation.file;
  const bool everything = file == FileId::none() || durability == engine::Durability::commit;
  for (std::size_t i = 0; i < entry; ++i) {
    const Operation& operation = entries[i].operation;
    const bool names = changes_namespace(operation.kind);
    const bool of_file = names ? operation.parent == file || operation.new_parent == file : operation.file == file;
    if ((everything || of_file) && !on_disk(member, entries[i], everything)) fail(entries[i], "on disk");
  }
}

}  // namespace lockstep::sim
