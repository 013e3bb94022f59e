// A module's status as the JSON that `lockstep status --json` prints and scripts rely on.
#pragma once

#include "engine/status.h"
#include "prod/config/configuration.h"

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// Nodes appear by name. Fields are only ever added.
boost::json::object status_json(const engine::Status& status, const ModuleConfiguration& module,
                                const ClusterConfiguration& cluster, NodeId self);

}  // namespace lockstep::prod
