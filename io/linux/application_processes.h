// Finding and ending every process that belongs to a module's application.
#pragma once

#include "io/linux/object_descriptor.h"
#include "io/report.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace lockstep::io {

/// The environment variable that phases are started with, and everything they start inherits.
inline constexpr const char* cookie_variable = "LOCKSTEP_COOKIE";

struct FoundProcess {
  pid_t pid = 0;
  char state = 0;                ///< as in /proc/PID/stat: R, S, D, T, Z, ...
  unsigned long long start = 0;  ///< its start time: tells it from a later process with the same number
  std::string name;
};

/// What an earlier daemon knew of an application that has outlived it, and what its start has named. Its descendants
/// have other parents by now, and a number may have become somebody else's; so only a process that is still there
/// proves that its group and its session are what they were.
struct EarlierProcesses {
  std::set<pid_t> scripts;
  std::set<std::pair<pid_t, unsigned long long>> processes;  ///< number and start time
};

/// How a process is known to belong to the application. Any one sign is enough, and so is a parent that has one.
struct ApplicationTraits {
  /// The value of LOCKSTEP_COOKIE in its environment. Outlives this daemon.
  std::string cookie;
  /// It descends from this process and its process group or session was begun by one of these phase scripts.
  std::set<pid_t> scripts;
  /// Its working directory, root, program or an open file is beneath this path. Empty: does not count.
  std::string directory;
  /// It is one of these, or was begun by one of their scripts.
  EarlierProcesses earlier = {};
};

/// `module` and the state directory, with that directory's identity: two servers on one machine (as tests run
/// them) may have the same path and must not end each other's applications.
std::string application_cookie(const std::string& module, const std::string& state_directory);

/// One look at /proc. Never this process, its ancestors, or what has ended and only waits to be collected.
std::vector<FoundProcess> find_application_processes(const ApplicationTraits& traits);

/// Ends all of them: stops them first, so that none starts another unseen, then kills, and looks again until none is
/// left. A process in an uninterruptible wait (D) takes as long as that wait; it is named once a second in the report.
/// What is left at `deadline` or when `cancelled` becomes true is returned.
std::vector<FoundProcess> end_application_processes(const ApplicationTraits& traits,
                                                    std::optional<std::chrono::steady_clock::time_point> deadline,
                                                    const std::atomic<bool>& cancelled, const Report& report);

/// Nothing if there is none of this number.
std::optional<FoundProcess> find_process(pid_t pid);

/// A descriptor of the process, which can be waited for; invalid, with errno, if there is none.
linux_io::Descriptor open_process(pid_t pid);

/// Whether any of these processes still runs. Asks nothing that a process which hangs could delay.
bool any_runs(const std::set<std::pair<pid_t, unsigned long long>>& processes);

/// Whether this process does nothing any more, although it may take long to end: it was killed and waits for a disk, or
/// writes its memory out. What cannot be looked at is not.
bool is_dying(pid_t pid);

/// "postgres (1234, state D), sh (99, state S)", at most a few.
std::string describe(const std::vector<FoundProcess>& processes);

}  // namespace lockstep::io
