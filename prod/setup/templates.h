// The configuration files that "lockstep init" writes, with comments for those who read on.
#pragma once

#include "prod/config/configuration.h"

#include <string>

namespace lockstep::prod {

/// cluster.toml: name, nodes, witness; the rest as a comment or by default.
std::string cluster_file(const ClusterConfiguration& cluster);
/// modules/NAME.toml: directory and port.
std::string module_file(const ModuleConfiguration& module);

}  // namespace lockstep::prod
