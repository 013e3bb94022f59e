// Everything a checker, a log or the run hash can see of a run. All calls come at the instant they tell of.
#pragma once

#include "io/application.h"
#include "io/events.h"
#include "io/mount.h"
#include "io/trace.h"
#include "io/volume.h"
#include "sim/world/place.h"

#include <string>
#include <vector>

namespace lockstep::sim {

struct Fault;

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
  /// Bytes of a file that are not what was written there, though nothing says so.
  virtual void rotted(NodeId /*node*/, FileId /*file*/, std::uint64_t /*offset*/, std::uint64_t /*length*/) {}
  /// A phase of the application (or its kill) is about to begin.
  virtual void phase_begins(NodeId /*node*/, io::Phase /*phase*/) {}
  /// A check begins to look.
  virtual void check_looks(NodeId /*node*/, std::size_t /*check*/, Ticket /*ticket*/) {}
  /// A user's request goes to a node's mount.
  virtual void requested(NodeId /*node*/, RequestId /*request*/) {}
  virtual void replied(NodeId /*node*/, RequestId /*request*/, const io::Reply& /*reply*/) {}
  /// The mount went away under the request.
  virtual void aborted(NodeId /*node*/, RequestId /*request*/) {}
  /// A life of the witness has said something to the node in whose program it is.
  virtual void witness_said(const io::Frame& /*frame*/) {}
  virtual void frame_sent(Place /*from*/, io::Endpoint /*to*/, const io::Frame& /*frame*/) {}
  /// The frame that is delivered next was damaged on the way.
  virtual void frame_damaged(Place /*to*/, io::Endpoint /*from*/) {}
  /// An engine gives a connection up.
  virtual void gave_up(Place /*place*/, io::Endpoint /*connection*/) {}
  virtual void journal_durable(Place /*place*/, const Buffer& /*record*/) {}
  /// A node's list of touches has changed on its disk.
  virtual void touches_durable(NodeId /*node*/) {}
  /// A fault strikes, or an administrator speaks.
  virtual void faulted(const Fault& /*fault*/) {}
  /// A named scenario says what it does, or what it has seen.
  virtual void directed(const std::string& /*text*/) {}
  /// Everything is repaired for good; from here the cluster has a stated time to come to rest.
  virtual void healed() {}
  /// A process began.
  virtual void started(Place /*place*/) {}
  /// The process ended; with `power_lost`, what was not synced is gone too.
  virtual void stopped(Place /*place*/, bool /*power_lost*/) {}
  /// The machine's disk was exchanged for another one, while it was without power.
  virtual void disk_exchanged(Place /*place*/) {}
  /// Everything is healed, both nodes are in sync and nothing is under way.
  virtual void at_rest() {}
};

}  // namespace lockstep::sim
