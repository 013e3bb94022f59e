// Takes the events of all modules from their threads, brings them to disk on a thread of its own, and passes them on.
#pragma once

#include "io/report.h"
#include "prod/events/module_event.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lockstep::prod {

class EventLog {
 public:
  /// On the log's thread, after the event is on disk or could not be brought there; must not block.
  using Listener = std::function<void(const std::string& module, const ModuleEvent& event)>;
  /// Events that wait for the disk; when there are more the newest are left out, and counted.
  static constexpr std::size_t queue_max = 1024;

  EventLog(std::string state_directory, io::Report report, Listener listener);
  /// What was told before is on disk.
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// From any thread; never waits for the disk. The number is put in, and the time if there is none.
  void tell(const std::string& module, ModuleEvent event);
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::prod
