// `lockstep status`: of one module or of all, for people and for scripts.
#pragma once

#include "prod/cli/commands.h"

#include <string>

namespace lockstep::prod {

ExitCode show_status(const std::string& socket, const CommandLine& line);

}  // namespace lockstep::prod
