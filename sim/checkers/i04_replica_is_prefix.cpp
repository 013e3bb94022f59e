#include "sim/checkers/i04_replica_is_prefix.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
std::string position(Epoch epoch, Lsn lsn) { return std::to_string(epoch.value) + ":" + std::to_string(lsn.value); }
}  // namespace

void ReplicaIsPrefix::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  const NodeId node = node_at(by);
  if (const auto* order = std::get_if<io::OperationOrdered>(&event)) {
    ordered(node, *order);
  } else if (const auto* replica = std::get_if<io::OperationReplicated>(&event)) {
    replicated(node, *replica);
  } else if (const auto* without = std::get_if<io::ContentsLetGo>(&event)) {
    let_go_[index_of(node)].emplace(without->epoch, without->lsn);
  } else if (std::holds_alternative<io::ResyncBegan>(event) || std::holds_alternative<io::WritableChanged>(event)) {
    last_replicated_[index_of(node)].reset();
    let_go_[index_of(node)].clear();
  }
}

void ReplicaIsPrefix::stopped(Place place, bool /*power_lost*/) {
  if (!is_node(place)) return;
  last_replicated_[index_of(place)].reset();
  let_go_[index_of(place)].clear();
  last_ordered_[index_of(place)] = {};
}

void ReplicaIsPrefix::ordered(NodeId node, const io::OperationOrdered& event) {
  auto& last = last_ordered_[index_of(node)];
  const bool rises = std::pair(event.epoch, event.lsn) > last;
  const bool gap = event.epoch == last.first && last.second.value != 0 && event.lsn != last.second.next();
  if (!rises || gap) {
    throw Violation("I4", std::string(to_string(node)) + " orders " + position(event.epoch, event.lsn) + " after " +
                              position(last.first, last.second));
  }
  last = {event.epoch, event.lsn};
}

void ReplicaIsPrefix::replicated(NodeId node, const io::OperationReplicated& event) {
  const std::string what = std::string(to_string(node)) + " replicated " + position(event.epoch, event.lsn) + " " +
                           describe(*event.operation);
  const auto& let_go = let_go_[index_of(node)];
  if (let_go.contains({event.epoch, event.lsn})) throw Violation("I4", what + ", the contents of which it let go");
  const auto& entries = history_.entries();
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const HistoryEntry& entry) {
    return entry.epoch == event.epoch && entry.lsn == event.lsn;
  });
  // From a primary that has been replaced meanwhile: what it has sent, the branch may have been continued without.
  const bool replaced = event.epoch < history_.branch_epoch();
  if (found == entries.rend()) {
    if (replaced) return;
    throw Violation("I4", what + ", which is not in the history");
  }
  if (!same_operation(found->operation, *event.operation)) {
    throw Violation("I4", what + ", where the history has " + describe(found->operation));
  }
  if (event.operation->kind == OperationKind::sync || replaced) return;
  const History::Replica& replica = history_.replica(node);
  if (!replica.following && !replica.resyncing) {
    throw Violation("I4", what + " to a tree that is no prefix of the stream: it " + replica.why_not);
  }
  auto& last = last_replicated_[index_of(node)];
  const auto index = static_cast<std::size_t>(&*found - entries.data());
  if (last && *last < entries.size()) {
    const HistoryEntry& before = entries[*last];
    bool follows = *last < index;
    for (std::size_t i = *last + 1; i < index; ++i) {
      const HistoryEntry& between = entries[i];
      follows &= between.operation.kind == OperationKind::sync || let_go.contains({between.epoch, between.lsn});
    }
    if (!follows) throw Violation("I4", what + " right after " + position(before.epoch, before.lsn));
  }
  last = index;
}

}  // namespace lockstep::sim
