// What the command line tool does for each of its verbs.
#pragma once

#include "prod/common/control_protocol.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::prod {

/// What scripts rely on.
enum ExitCode { exit_done = 0, exit_refused = 1, exit_usage = 2, exit_unreachable = 3 };

enum class ConflictsAction : std::uint8_t { list, restore, drop };

/// Of "conflicts".
struct ConflictsCommand {
  ConflictsAction action = ConflictsAction::list;
  std::string path;  ///< of what was kept, or its key
  std::string to;    ///< restore: an existing directory
  bool all = false;  ///< drop
};

struct CommandLine {
  std::string configuration = "/etc/lockstep";
  std::string node;
  ControlRequest request;
  ConflictsCommand conflicts;
  bool json = false;
  std::optional<double> wait_seconds;  ///< start, stop, swap, prim: until the role is reached; verify: until it ends
};

/// Prints to standard output what was asked for, and errors to standard error.
ExitCode run_command(const CommandLine& line);
/// Validates all configuration files, which node this is, and what lockstepd needs of this server.
ExitCode run_check(const CommandLine& line);

}  // namespace lockstep::prod
