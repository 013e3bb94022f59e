// I16: every outstanding acknowledgement has a live timer; every queue has a named limit.
//
// Checks, every few steps of a node, that while requests wait at a primary that is not frozen, a timer is armed
// that will look at them (what can only wait for the other node: one that will leave that node out), that no more
// requests wait than the setting allows, and that no request waits much longer than `timeout` at a node that all the
// time was awake, primary and not frozen (nor alone with a disk that hangs).
//
// Does not look inside the engine's other queues: their limits are checks in the engine itself.
#pragma once

#include "sim/world/world.h"

#include <map>
#include <set>

namespace lockstep::sim {

class BoundedWaiting : public Observer {
 public:
  explicit BoundedWaiting(World& world) : world_(world) {}

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void stepped(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Watched {
    std::map<RequestId, Time> arrived;
    std::set<RequestId> waits_for_peer;  ///< and for nothing else
    Time last_excuse = 0;
    Time last_step = 0;
    std::uint64_t steps = 0;
  };

  void forget(Watched& watched) {
    watched.arrived.clear();
    watched.waits_for_peer.clear();
  }
  void check_timer(const Node& node, const engine::Status& status, Watched& watched) const;

  World& world_;
  std::array<Watched, 2> watched_;
};

}  // namespace lockstep::sim
