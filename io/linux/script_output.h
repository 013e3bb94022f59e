// Reads what a script and the processes it leaves behind print, line by line, until the last of them is gone.
#pragma once

#include "io/report.h"

#include <cstddef>
#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;

/// Used on the loop's thread. Reading goes on after the last handle is dropped: a daemonised process whose pipe
/// nobody reads would be stopped by its own log lines.
class ScriptOutput {
 public:
  /// Takes over `read_end` of a pipe. Each line is reported with `prefix`.
  ScriptOutput(EventLoop& loop, int read_end, std::string prefix, Report report);
  ~ScriptOutput();

  /// Everything printed so far, as its last few lines.
  std::string last_lines();
  /// The pipe, if somebody may still write into it, else -1. Stays this object's.
  [[nodiscard]] int open_pipe() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
