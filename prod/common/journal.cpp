#include "prod/common/journal.h"

#include <array>
#include <cerrno>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

namespace lockstep::prod {

bool is_journal_stream(const char* journal_stream, int descriptor) {
  struct stat info {};
  if (journal_stream == nullptr || ::fstat(descriptor, &info) != 0) return false;
  return journal_stream == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

bool send_to_journal(int priority, const std::string& text, const JournalFields& fields) {
  std::vector<std::string> lines = {"MESSAGE=" + text, "PRIORITY=" + std::to_string(priority),
                                    std::string("SYSLOG_IDENTIFIER=") + program_invocation_short_name};
  for (const auto& [name, value] : fields) {
    if (!value.empty()) lines.push_back(std::string(name) + "=" + value);
  }
  std::vector<iovec> parts;
  for (std::string& line : lines) parts.push_back({line.data(), line.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

int priority_of(io::Severity severity) {
  constexpr std::array<int, 4> priorities = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};
  return priorities[static_cast<std::size_t>(severity)];
}

}  // namespace lockstep::prod
