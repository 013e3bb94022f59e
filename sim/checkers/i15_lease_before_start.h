// I15: no application start before the old primary's lease has run out; an isolated primary stops within its lease.
//
// Checks, when an application starts, that the other node's process has none of: a running lease together with an
// open mount or the right to complete writes. Checks at every step that a node whose lease has run out closes its
// mount within a stated time of being able to (a paused process counts from when it wakes up), and that an application
// that has outlived its daemon is gone as long after the next daemon's start as a lease lasts, unless that has one.
//
// Does not check how long the application's own stop script takes: the mount is closed first. A node that has gone on
// alone in isolation (gone_alone.h) does not wait for a lease that the other one grants itself.
#pragma once

#include "sim/checkers/gone_alone.h"

namespace lockstep::sim {

class LeaseBeforeStart : public Observer {
 public:
  LeaseBeforeStart(World& world, const GoneAlone& alone) : world_(world), alone_(alone) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void stepped(Place place) override;
  void started(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Holder {
    bool writable = false;
    Instant lease_until;
    Instant last_step;
    Instant awake_since;
    Instant held_until;
    Duration resistance;  ///< the longest that a kill under way may take
  };

  World& world_;
  const GoneAlone& alone_;
  std::array<Holder, 2> holders_;
};

}  // namespace lockstep::sim
