// io::Background: each computation on a thread of its own.
#pragma once

#include "io/asio/loop_line.h"
#include "io/background.h"

#include <functional>

namespace lockstep::io {

class EventQueue;

/// Used on the loop's thread, or while the loop does not run. Loop and queue outlive it. What still runs when this
/// object ends is left behind, and tells nobody.
class BackgroundThreads final : public Background {
 public:
  BackgroundThreads(EventLoop& loop, EventQueue& queue) : queue_(queue), line_(loop) {}

  void run(Ticket ticket, std::function<void()> work) override;

 private:
  EventQueue& queue_;
  const LoopLine line_;
};

}  // namespace lockstep::io
