#include "sim/checkers/i05_leave_before_lone_acknowledgement.h"

namespace lockstep::sim {

void LeaveBeforeLoneAcknowledgement::traced(Place by, const io::TraceEvent& event) {
  const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event);
  if (acknowledged == nullptr || acknowledged->lsn.value == 0) return;
  const NodeId node = node_at(by);
  const bool waits_for_peer =
      world_.mix().durability != engine::Durability::commit || acknowledged->kind == OperationKind::sync;
  const auto entry = history_.find(acknowledged->request);
  if (!waits_for_peer || !entry || register_.newest().members == Members::only(node)) return;
  const History::Replica& peer = history_.replica(other(node));
  const bool link_up = world_.peer_cable().up(node == NodeId::first ? 0 : 1);
  if (link_up || (peer.following && peer.position > *entry) || peer.power_lost) return;
  if (acknowledged->kind == OperationKind::sync) return;  // it changes no volume; I6 looks at what it made durable
  throw Violation("I5", std::string(to_string(node)) + " acknowledges request " +
                            std::to_string(acknowledged->request.value) + " alone, but the register has " +
                            describe(register_.newest()));
}

}  // namespace lockstep::sim
