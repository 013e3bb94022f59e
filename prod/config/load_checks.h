// [[check]] and [policy] of a module's file.
#pragma once

#include "prod/config/toml_section.h"

#include <cstddef>

namespace lockstep::prod {

/// Of one module, whoever gives them.
inline constexpr std::size_t checks_max = 64;

/// After what else the file says of the module: checks may refer to its directory.
void load_checks(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors);
void load_policy(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors);

}  // namespace lockstep::prod
