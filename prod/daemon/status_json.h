// A module's status as the JSON that `lockstep status --json` prints and scripts rely on.
#pragma once

#include "prod/config/configuration.h"
#include "prod/daemon/status_board.h"

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// Nodes appear by name. Fields are only ever added.
boost::json::object status_json(const PublishedStatus& published, const ModuleConfiguration& module,
                                const ClusterConfiguration& cluster, NodeId self);

}  // namespace lockstep::prod
