// What the command line tool does for each of its verbs.
#pragma once

#include "prod/common/control_protocol.h"

#include <optional>
#include <string>

namespace lockstep::prod {

/// What scripts rely on.
enum ExitCode { exit_done = 0, exit_refused = 1, exit_usage = 2, exit_unreachable = 3 };

struct CommandLine {
  std::string configuration = "/etc/lockstep";
  std::string node;
  ControlRequest request;
  bool json = false;
  std::optional<double> wait_seconds;  ///< start, stop, swap, prim: until the role is reached; verify: until it ends
};

/// Prints to standard output what was asked for, and errors to standard error.
ExitCode run_command(const CommandLine& line);
/// Validates all configuration files and which node this is.
ExitCode run_check(const CommandLine& line);

}  // namespace lockstep::prod
