// What the command line tool does for each of its verbs.
#pragma once

#include "prod/common/control_protocol.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::prod {

/// What scripts rely on. The last two are those of `status --exit-code` only.
enum ExitCode {
  exit_done = 0,
  exit_refused = 1,
  exit_usage = 2,
  exit_unreachable = 3,
  exit_unprotected = 4,
  exit_down = 5
};

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
  bool all_nodes = false;  ///< check: also what the other machines have
  bool json = false;
  bool exit_code = false;                       ///< status: the exit status says how things are
  bool follow = false;                          ///< log: goes on with what happens
  bool messages = false;                        ///< log: the daemon's log lines instead of the timeline
  std::string shell;                            ///< completion
  std::uint64_t count = 0;                      ///< top: so many tables; 0: no end
  std::chrono::duration<double> interval{1.0};  ///< top
  std::optional<double> wait_seconds;  ///< start, stop, swap, prim: until the role is reached; verify: until it ends
};

/// Prints an error to standard error; gives `code`.
ExitCode complain(ExitCode code, const std::string& text);

/// Prints to standard output what was asked for, and errors to standard error.
ExitCode run_command(CommandLine line);
/// Validates all configuration files, which node this is, and what lockstepd needs of this server; with `all_nodes`
/// also whether the other machines have the same.
ExitCode run_check(const CommandLine& line);

}  // namespace lockstep::prod
