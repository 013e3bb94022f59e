#include "sim/checkers/i05_leave_before_lone_acknowledgement.h"

namespace lockstep::sim {

void LeaveBeforeLoneAcknowledgement::traced(Place by, const io::TraceEvent& event) {
  if (const auto* replicated = std::get_if<io::OperationReplicated>(&event)) {
    if (replicated->operation->kind == OperationKind::sync) {
      syncs_done_[index_of(by)].insert({replicated->epoch, replicated->lsn});
    }
    return;
  }
  const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event);
  if (acknowledged == nullptr || acknowledged->lsn.value == 0) return;
  const NodeId node = node_at(by);
  if (alone_.apart(node)) return;
  const bool is_sync = acknowledged->kind == OperationKind::sync;
  const bool waits_for_peer = world_.mix().durability != engine::Durability::commit || is_sync;
  const auto entry = history_.find(acknowledged->request);
  if (!waits_for_peer || !entry || register_.newest().members == Members::only(node)) return;
  const History::Replica& peer = history_.replica(other(node));
  const bool link_up = world_.cable(Wire::peers).up(node == NodeId::first ? 0 : 1);
  const HistoryEntry& ordered = history_.entries()[*entry];
  if (syncs_done_[index_of(other(node))].contains({ordered.epoch, ordered.lsn})) return;
  if (peer.following && *entry < peer.resynced_to) return;
  if (link_up || (peer.following && peer.position > *entry && !is_sync) || peer.power_lost) return;
  throw Violation("I5", std::string(to_string(node)) + " acknowledges request " +
                            std::to_string(acknowledged->request.value) + " alone, but the register has " +
                            describe(register_.newest()));
}

}  // namespace lockstep::sim
