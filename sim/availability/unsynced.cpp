#include "sim/availability/unsynced.h"

#include <algorithm>

namespace lockstep::sim {

void UnsyncedWrites::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  const NodeId node = node_at(by);
  if (const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event)) {
    if (acknowledged->lsn == Lsn{}) return;
    if (acknowledged->epoch != epoch_ || primary_ != node) {
      epoch_ = acknowledged->epoch;
      primary_ = node;
      acknowledged_.clear();
      synced_ = {};
    }
    if (acknowledged->kind == OperationKind::sync) {
      synced_ = std::max(synced_, acknowledged->lsn);
    } else {
      acknowledged_.insert(acknowledged->lsn);
    }
  } else if (const auto* replicated = std::get_if<io::OperationReplicated>(&event)) {
    Lsn& has = replicated_[index_of(node)];
    Epoch& in = replicated_in_[index_of(node)];
    // A sync is reported when it has ended, later operations perhaps before it.
    has = in == replicated->epoch ? std::max(has, replicated->lsn) : replicated->lsn;
    in = replicated->epoch;
  } else if (const auto* role = std::get_if<io::RoleChanged>(&event)) {
    if (role->to == "Promoting" && role->from != "Promoting") took_over(node);
  }
}

void UnsyncedWrites::took_over(NodeId node) {
  if (!primary_ || *primary_ == node || replicated_in_[index_of(node)] != epoch_) return;
  const Lsn has = replicated_[index_of(node)];
  lost_ += static_cast<std::uint64_t>(std::distance(acknowledged_.upper_bound(has), acknowledged_.end()));
  primary_.reset();
}

void UnsyncedWrites::started(Place place) {
  if (is_node(place)) dark_[index_of(place)] = false;
}

void UnsyncedWrites::stopped(Place place, bool power_lost) {
  if (!is_node(place) || !power_lost) return;
  dark_[index_of(place)] = true;
  if (!dark_[0] || !dark_[1]) return;
  at_risk_ += static_cast<std::uint64_t>(std::distance(acknowledged_.upper_bound(synced_), acknowledged_.end()));
}

}  // namespace lockstep::sim
