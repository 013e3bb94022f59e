// The log: one line per happening to standard error, and the last lines of each module kept for `lockstep log`.
#pragma once

#include "io/report.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lockstep::prod {

/// The last lines of one module. Thread-safe.
class LogTail {
 public:
  static constexpr std::size_t lines_max = 2000;

  void add(std::string line);
  /// The newest `count`, oldest first.
  [[nodiscard]] std::vector<std::string> last(std::size_t count) const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
};

/// Before anything is logged. Under systemd lines carry their priority for the journal instead of a time. From here
/// on a failed check is logged before it ends the process.
void start_logging();

/// "debug", "info", "warning" or "error"; false for anything else.
bool set_log_level(const std::string& level);
std::string log_level();

void log(io::Severity severity, const std::string& text);

/// Lines start with "[module] "; `tail` may be empty.
io::Report module_report(const std::string& module, std::shared_ptr<LogTail> tail);

}  // namespace lockstep::prod
