// The log: one line per happening to standard error or into the systemd journal, and the last lines of each module kept
// for `lockstep log --messages`.
#pragma once

#include "io/report.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
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

/// What a module is while it says something, for the journal's fields. Set by its thread, read by any.
struct LogContext {
  std::atomic<const char*> role{""};  ///< of static storage; ends with a zero
  std::atomic<std::uint64_t> epoch{0};
};

/// Before anything is logged. Where standard error goes to the systemd journal, that is spoken to natively, with fields
/// (MODULE, ROLE, EPOCH, beside the usual ones); elsewhere lines are for people. From here on a failed check is logged
/// before it ends the process.
void start_logging();

/// "debug", "info", "warning" or "error"; false for anything else.
bool set_log_level(const std::string& level);
std::string log_level();

void log(io::Severity severity, const std::string& text);

/// Lines start with "[module] "; `tail` and `context` may be empty.
io::Report module_report(const std::string& module, std::shared_ptr<LogTail> tail,
                         std::shared_ptr<const LogContext> context = nullptr);

}  // namespace lockstep::prod
