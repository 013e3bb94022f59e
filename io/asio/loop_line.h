// The way back to an event loop from a thread that may outlive whoever started it.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace lockstep::io {

class EventLoop;

/// Made and destroyed on the loop's thread, or while the loop does not run; the loop outlives it. Its end is the end of
/// the line: what was posted and has not run by then does not run, so that it may refer to whoever has the line.
class LoopLine {
 public:
  /// The end that a thread holds; it may do so for ever.
  class Far {
   public:
    /// From any thread: runs `call` on the loop's thread.
    void post(std::function<void()> call) const;

   private:
    friend class LoopLine;
    struct Shared;
    explicit Far(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    std::shared_ptr<Shared> shared_;
  };

  explicit LoopLine(EventLoop& loop);
  ~LoopLine();
  LoopLine(const LoopLine&) = delete;
  LoopLine& operator=(const LoopLine&) = delete;

  [[nodiscard]] Far far() const { return far_; }

 private:
  Far far_;
};

}  // namespace lockstep::io
