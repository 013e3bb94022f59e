// I4: within an epoch the replica is a prefix of the primary; a rollback removes only unacknowledged operations.
//
// Checks that a replica reports operations of the present history only, each as the primary ordered it, and one after
// the other (a sync may be reported late, when its disk has done it; one whose contents a returning node has let go is
// not reported at all); and that the primary numbers them without a gap,
// by rising (epoch, LSN). That the replica's volume really holds that prefix is checked by History at every operation
// that the volume applies, and what a rollback removes by the checker of I1 when the successor becomes writable.
//
// Does not check the positions of a replica that has not finished its resync.
#pragma once

#include "sim/checkers/history.h"

#include <array>
#include <optional>
#include <set>
#include <utility>

namespace lockstep::sim {

class ReplicaIsPrefix : public Observer {
 public:
  ReplicaIsPrefix(World& /*world*/, History& history) : history_(history) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void stopped(Place place, bool power_lost) override;

 private:
  void ordered(NodeId node, const io::OperationOrdered& event);
  void replicated(NodeId node, const io::OperationReplicated& event);

  History& history_;
  std::array<std::pair<Epoch, Lsn>, 2> last_ordered_;
  std::array<std::optional<std::size_t>, 2> last_replicated_;  ///< index in the history
  std::array<std::set<std::pair<Epoch, Lsn>>, 2> let_go_;
};

}  // namespace lockstep::sim
