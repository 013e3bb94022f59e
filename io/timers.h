// Port: wake-ups. Events that answer: TimerFired.
#pragma once

#include "engine/values/time.h"

#include <cstdint>

namespace lockstep::io {

/// Every purpose has one timer; arming it again moves it.
enum class TimerId : std::uint8_t {
  heartbeat,        ///< send the next heartbeats, look at leases and silence
  register_retry,   ///< try the next round of the configuration register
  acknowledgement,  ///< the oldest outstanding acknowledgement has waited long enough
  link_grace,       ///< a lost link to the peer has had its time to come back
  application,      ///< the running phase of the application has used up its time
  resync,           ///< a resync that made no progress is begun again
  checkpoint,       ///< write the journal's checkpoint
  pace,             ///< a resync goes on after a rest
  batch,            ///< a node that merely follows is sent what has gathered
  verify,           ///< the next part of the data may be compared
  check,            ///< the next check looks, or has used up its time
  count
};

class Timers {
 public:
  virtual ~Timers() = default;
  /// At `deadline` (or as soon as possible after it) a TimerFired event comes, once. A later arm() or cancel()
  /// before that event is *delivered* replaces or drops it: no stale TimerFired is ever delivered.
  virtual void arm(TimerId timer, Instant deadline) = 0;
  virtual void cancel(TimerId timer) = 0;
};

}  // namespace lockstep::io
