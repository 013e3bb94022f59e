// I5: "the peer is out" is decided and durable at a majority before the first acknowledgement given alone.
//
// Checks, at every acknowledgement of an operation that the peer does not hold (of an fsync: has not confirmed) while
// no connection to the peer is up, that the newest configuration with a majority of (durable) votes has the
// acknowledging node as its only member. With the connection up, the checker of I6 says the same.
//
// Does not check mode commit but for fsync: there an acknowledgement never waits for the peer. Nor a node that has not
// heard of the history that counts (gone_alone.h).
#pragma once

#include "sim/checkers/gone_alone.h"
#include "sim/checkers/history.h"
#include "sim/checkers/register_view.h"

namespace lockstep::sim {

class LeaveBeforeLoneAcknowledgement : public Observer {
 public:
  LeaveBeforeLoneAcknowledgement(World& world, History& history, RegisterView& reg, const GoneAlone& alone)
      : world_(world), history_(history), register_(reg), alone_(alone) {}

  void traced(Place by, const io::TraceEvent& event) override;

 private:
  World& world_;
  History& history_;
  RegisterView& register_;
  const GoneAlone& alone_;
  std::array<std::set<std::pair<Epoch, Lsn>>, 2> syncs_done_;  ///< by each node as a replica
};

}  // namespace lockstep::sim
