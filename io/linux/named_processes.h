// Processes of the application that another program has started for Lockstep, such as a container's by Docker: neither
// children of its scripts nor with their environment.
#pragma once

#include <set>
#include <string>
#include <sys/types.h>
#include <utility>

namespace lockstep::io {

/// The environment variable with the path of the file into which `start` may write their numbers, one a line.
inline constexpr const char* processes_variable = "LOCKSTEP_PROCESSES";

/// Number and start time of each process in the file at `path` that lives and is older than the file: a number that has
/// become somebody else's since is none, and so is each in a file of an earlier boot. The file is gone then, so that it
/// is not read again. What is no number ends the list; no file, or an empty path, is none. A clock that is set forward
/// between the writing and this hides them, by more than a second; scripts write them last.
std::set<std::pair<pid_t, unsigned long long>> take_named_processes(const std::string& path);

}  // namespace lockstep::io
