// I3: never two nodes able to complete a write at one instant of true time.
//
// A node is able to while its process exists (paused or not), it said that it is writable, and its lease has not run
// out by its own clock. Checks this for both nodes whenever one of them gains that ability or acknowledges, and that
// nobody acknowledges without it.
//
// Does not check what an application does that was started outside the module.
#pragma once

#include "sim/world/world.h"

namespace lockstep::sim {

class SingleWriter : public Observer {
 public:
  explicit SingleWriter(World& world) : world_(world) {}

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
  std::array<Ability, 2> abilities_;
};

}  // namespace lockstep::sim
