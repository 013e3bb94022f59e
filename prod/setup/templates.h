// The configuration files that "lockstep init" writes, with comments for those who read on.
#pragma once

#include "prod/config/configuration.h"

#include <string>
#include <string_view>

namespace lockstep::prod {

/// cluster.toml: name, nodes, witness, etcd or neither; the rest as a comment or by default.
std::string cluster_file(const ClusterConfiguration& cluster);
/// modules/NAME.toml: directory and port.
std::string module_file(const ModuleConfiguration& module);
/// The same with the commands and checks that run PostgreSQL on the directory.
std::string postgresql_module_file(const ModuleConfiguration& module);

/// Means the same to a shell without quotes.
bool is_shell_word(std::string_view text);

}  // namespace lockstep::prod
