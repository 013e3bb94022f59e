// `lockstep log`: what happened to a module, from its timeline on this server's disk; needs no daemon.
#pragma once

#include "prod/cli/commands.h"

#include <string>

namespace lockstep::prod {

ExitCode show_log(const std::string& state_directory, const CommandLine& line);

}  // namespace lockstep::prod
