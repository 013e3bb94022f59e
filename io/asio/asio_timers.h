// Timers of one engine on one timerfd of the loop's own clock, so that a deadline means the same time in both.
#pragma once

#include "io/timers.h"

#include <memory>

namespace lockstep::io {

class EventLoop;
class EventQueue;

/// Loop and queue outlive it. Used on the loop's thread.
class AsioTimers final : public Timers {
 public:
  AsioTimers(EventLoop& loop, EventQueue& queue);
  ~AsioTimers() override;

  void arm(TimerId timer, Instant deadline) override;
  void cancel(TimerId timer) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
