// Everything a checker, a log or the run hash can see of a run. All calls come at the instant they tell of.
#pragma once

#include "io/events.h"
#include "io/mount.h"
#include "io/trace.h"
#include "io/volume.h"
#include "sim/world/place.h"

#include <vector>

namespace lockstep::sim {

class Observer {
 public:
  virtual ~Observer() = default;

  virtual void delivering(Place /*to*/, const io::Event& /*event*/) {}
  /// The engine has dealt with the event.
  virtual void stepped(Place /*place*/) {}
  virtual void traced(Place /*by*/, const io::TraceEvent& /*event*/) {}
  /// A volume applied an operation, without error. `sequence` numbers the operations of that volume.
  virtual void applied(NodeId /*node*/, std::uint64_t /*sequence*/, const Operation& /*effect*/, io::Origin /*origin*/,
                       bool /*replicated*/) {}
  virtual void replied(NodeId /*node*/, RequestId /*request*/, const io::Reply& /*reply*/) {}
  virtual void frame_sent(Place /*from*/, io::Endpoint /*to*/, const io::Frame& /*frame*/) {}
  virtual void journal_durable(Place /*place*/, const Buffer& /*record*/) {}
  /// The process ended; with `power_lost`, what was not synced is gone too.
  virtual void stopped(Place /*place*/, bool /*power_lost*/) {}
  /// Everything is healed, both nodes are in sync and nothing is under way.
  virtual void at_rest() {}
};

}  // namespace lockstep::sim
