#include "io/linux/named_processes.h"

#include "io/linux/application_processes.h"
#include "io/linux/boot_note.h"

#include <cstdint>
#include <ctime>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace lockstep::io {

namespace {

constexpr std::int64_t ns_in_second = 1'000'000'000;
/// A file's time is that of the last tick of the kernel's, and a process's is in hundredths.
constexpr std::int64_t slack_ns = ns_in_second;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * ns_in_second + time.tv_nsec; }

std::int64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return nanoseconds(time);
}

}  // namespace

std::set<std::pair<pid_t, unsigned long long>> take_named_processes(const std::string& path) {
  std::set<std::pair<pid_t, unsigned long long>> named;
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return named;
  std::istringstream numbers(read_note(path));
  ::unlink(path.c_str());
  const std::int64_t written = nanoseconds(info.st_mtim) - (now(CLOCK_REALTIME) - now(CLOCK_BOOTTIME));
  if (written + slack_ns < 0) return named;
  const std::int64_t tick_ns = ns_in_second / ::sysconf(_SC_CLK_TCK);
  for (pid_t pid = 0; numbers >> pid;) {
    const auto found = find_process(pid);
    if (found && static_cast<std::int64_t>(found->start) * tick_ns <= written + slack_ns) {
      named.emplace(found->pid, found->start);
    }
  }
  return named;
}

}  // namespace lockstep::io
