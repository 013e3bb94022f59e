// `lockstep conflicts`: what was kept aside, listed, given back, given up.
#pragma once

#include "prod/cli/commands.h"

#include <string>

namespace lockstep::prod {

/// Asks the daemon at `socket` where things are, and does the rest itself.
ExitCode run_conflicts(const std::string& socket, const CommandLine& line);

}  // namespace lockstep::prod
