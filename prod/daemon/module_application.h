// The application of a module: as its daemon runs it, and as it is known to who finds it without a daemon.
#pragma once

#include "engine/values/node_id.h"
#include "io/linux/application.h"
#include "prod/config/configuration.h"

#include <string>
#include <vector>

namespace lockstep::prod {

/// Without a keeper.
io::ScriptApplicationOptions application_options(const ClusterConfiguration& cluster, const ModuleConfiguration& module,
                                                 NodeId self);
/// What is configured now, and what the application that an earlier daemon has started was given.
std::vector<io::ServiceAddress> known_addresses(const ModuleConfiguration& module,
                                                const io::ScriptApplicationOptions& application);
/// Where a LeaseNote says how long the application may be left alone.
std::string lease_path(const ClusterConfiguration& cluster, const ModuleConfiguration& module);

}  // namespace lockstep::prod
