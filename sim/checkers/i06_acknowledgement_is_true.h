// I6: what an acknowledgement promises is true at the moment it is given.
//
// Checks at every acknowledgement, for each member of the newest configuration with a majority of votes:
// - modes replicated and durable: its volume has applied the operation;
// - mode durable: the operation is on its disk;
// - fsync of a file or directory: every operation on it up to then is on its disk; in mode commit, and for an
//   fsync of everything: every operation up to then is.
// A member that has lost power since is not asked: what the acknowledgement said was true until then.
//
// Does not look at operations that came with a resync (the volumes are compared as a whole when it ends), nor at a node
// that has not heard of the history that counts (gone_alone.h).
#pragma once

#include "sim/checkers/gone_alone.h"
#include "sim/checkers/history.h"
#include "sim/checkers/register_view.h"

namespace lockstep::sim {

class AcknowledgementIsTrue : public Observer {
 public:
  AcknowledgementIsTrue(World& world, History& history, RegisterView& reg, const GoneAlone& alone)
      : world_(world), history_(history), register_(reg), alone_(alone) {}

  void traced(Place by, const io::TraceEvent& event) override;

 private:
  void check_member(NodeId primary, NodeId member, std::size_t entry, OperationKind kind);
  /// `contents`: of a new object not only the name.
  [[nodiscard]] bool on_disk(NodeId member, const HistoryEntry& entry, bool contents) const;

  World& world_;
  History& history_;
  RegisterView& register_;
  const GoneAlone& alone_;
};

}  // namespace lockstep::sim
