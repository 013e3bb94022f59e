// Port: the durable list of what may differ between the nodes. Event that answers: TouchesLogged.
#pragma once

#include "engine/values/buffer.h"
#include "engine/values/strong.h"

namespace lockstep::io {

/// What Booted hands over of a log.
struct LoggedTouches {
  bool readable = true;  ///< false: damaged, or a part of it is missing. Nothing may be concluded from it then
  Buffer records;        ///< what was appended since the last replace(), one after the other; empty for a new log
};

/// Bytes in order, append only. Calls complete in order, and a log that cannot write any more stops the process.
class TouchLog {
 public:
  virtual ~TouchLog() = default;

  /// TouchesLogged{ticket} comes once `records` and everything before are on disk. After a crash records whose event
  /// was not delivered are there or not, each call's whole or not at all, the earlier before the later.
  virtual void append(Ticket ticket, Buffer records) = 0;

  /// The same, but `records` takes the place of everything before: after a crash before the event all of the one or all
  /// of the other is there.
  virtual void replace(Ticket ticket, Buffer records) = 0;
};

}  // namespace lockstep::io
