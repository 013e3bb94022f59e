// Child processes: how they are started, and the one place of the process that collects their ends.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace lockstep::io {

/// Starts /bin/sh -c `script` in a process group of its own and in /, with default signals, nothing to read, and no
/// other descriptor. `output` and `errors` become its standard output and error, and are not owned; a negative
/// `errors`: what it says there is dropped. The pid, or a negative errno. For who sees to its end without Children;
/// thread-safe.
pid_t spawn_shell(std::string script, char* const* environment, int output, int errors);

/// Thread-safe; one for the whole process and for as long as it lives, because the kernel reports every child to
/// whoever asks first. From the first use on the process is a subreaper: daemonised descendants whose parents end
/// become its children, and are collected too. Nothing else in the process may wait for children.
class Children {
 public:
  static Children& instance();

  struct Command {
    std::string text;                                              ///< for /bin/sh -c
    std::vector<std::pair<std::string, std::string>> environment;  ///< added to this process's own
    int output = -1;                                               ///< becomes standard output and error; not owned
  };

  /// Starts `command` in a process group of its own, with default signals, umask 022 and the soft limit of
  /// descriptors that the process was started with. `ended` comes once with the wait status, on a thread of this
  /// class; it must not block. The pid, or a negative errno (then `ended` never comes).
  pid_t start(const Command& command, std::function<void(int status)> ended);

  /// When it returns, `ended` of this child is not running and never will.
  void forget(pid_t pid);

  /// The soft RLIMIT_NOFILE for scripts, if the process has raised its own.
  void set_descriptor_limit(unsigned long soft_limit);

 private:
  Children();
  class Impl;
  Impl* impl_;  ///< never freed: its thread waits for children until the process ends
};

}  // namespace lockstep::io
