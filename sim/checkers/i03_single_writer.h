// I3: never two nodes able to complete a write at one instant of true time.
//
// A node is able to while its process exists (paused or not), it said that it is writable, and its lease has not run
// out by its own clock. Checks this for both nodes whenever one of them gains that ability or acknowledges, and that
// nobody acknowledges without it.
//
// Does not check what an application does that was started outside the module. Nor two nodes that have gone on without
// each other in isolation, where there is no third vote and the settings, or a person, let them.
#pragma once

#include "sim/checkers/gone_alone.h"

namespace lockstep::sim {

class SingleWriter : public Observer {
 public:
  SingleWriter(World& world, const GoneAlone& alone) : world_(world), alone_(alone) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Ability {
    bool writable = false;
    Epoch epoch;
    Instant lease_until;
  };

  [[nodiscard]] bool able(NodeId node) const;
  void check(NodeId node) const;

  World& world_;
  const GoneAlone& alone_;
  std::array<Ability, 2> abilities_;
};

}  // namespace lockstep::sim
