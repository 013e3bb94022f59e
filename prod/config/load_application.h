// The application of a module, given by commands or by the name that something else knows it by.
#pragma once

#include "prod/config/configuration.h"
#include "prod/config/toml_section.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// [application]. `file`: the module's file as a whole.
void load_application(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                      std::vector<ConfigurationError>& errors);

/// Where the application is given by its name, the check that it runs, unless the file has one that is called as it is.
/// When the file's own checks have been read.
void add_check_of_runner(TomlSection& file, ModuleConfiguration& module);

}  // namespace lockstep::prod
