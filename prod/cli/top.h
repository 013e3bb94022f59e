// `lockstep top`: all modules of this server, live.
#pragma once

#include "prod/cli/commands.h"

#include <string>

namespace lockstep::prod {

/// On a terminal until `q` or Ctrl-C; otherwise a table after each interval, as often as asked for.
ExitCode show_top(const std::string& socket, const CommandLine& line);

}  // namespace lockstep::prod
