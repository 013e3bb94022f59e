// The list of what may differ between the nodes, as a file that grows and is now and then written anew.
#pragma once

#include "io/report.h"
#include "io/touch_log.h"

#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;
class EventQueue;

class FileTouchLog final : public TouchLog {
 public:
  struct Opened {
    std::unique_ptr<FileTouchLog> log;
    LoggedTouches touches;
  };

  /// Reads `path`. Where it is missing or damaged nothing is known, and the first call must be replace(). The journal's
  /// lock keeps other processes away.
  static Opened open(EventLoop& loop, EventQueue& queue, const std::string& path, Report report);

  /// Waits for a write that is under way.
  ~FileTouchLog() override;

  // The file is written by a thread of its own, since a disk may take long.
  void append(Ticket ticket, Buffer records) override;
  void replace(Ticket ticket, Buffer records) override;

 private:
  class Impl;
  explicit FileTouchLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io
