// Work that may block for ever (a file on a disk that hangs, a process that does not let itself be looked at), beside
// the loop.
#pragma once

#include "io/asio/loop_line.h"

#include <cstdint>
#include <functional>

namespace lockstep::io {

/// Used on the loop's thread; the loop outlives it. One piece of work at a time, the next waits until it has ended:
/// what blocks is not joined by more. Work that still runs when this object ends is left behind, and must hold nothing
/// that ends with it.
class BackgroundWork {
 public:
  using Then = std::function<void()>;
  using Work = std::function<Then()>;

  explicit BackgroundWork(EventLoop& loop) : line_(loop) {}

  /// Runs `work` on a thread of its own, then what it returns on the loop's thread, unless forget(), the next begin()
  /// or the end of this object comes first.
  void begin(Work work);
  /// What is under way, or waits, is not wanted any more.
  void forget();

 private:
  void start(Work work);
  void ended(std::uint64_t wanted, const Then& then);

  const LoopLine line_;
  std::uint64_t wanted_ = 0;  ///< rises when what is under way is not wanted any more
  bool busy_ = false;
  Work waiting_;
};

}  // namespace lockstep::io
