// Where real ports leave their events for the engine's loop.
#pragma once

#include "io/events.h"

namespace lockstep::io {

/// Used on the loop's thread only; work done on other threads posts itself back there first. The loop delivers
/// events in the order of the calls, one engine step each, never from within this call.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void post(Event event) = 0;
};

}  // namespace lockstep::io
