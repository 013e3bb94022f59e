// "lockstep check --all-nodes": whether the other machines have what this one has. Asks the other server's daemon over
// its API, known by this machine's certificate, and the witness for its certificate alone; of etcd's servers it sees
// whether they are there.
#pragma once

#include "prod/cli/check.h"

namespace lockstep::prod {

/// Beyond this the two machines' timelines cannot be read together.
inline constexpr std::int64_t clock_difference_max_ms = 2000;

MachineCheck check_other_nodes(const std::string& configuration, const ClusterConfiguration& cluster, NodeId self);

}  // namespace lockstep::prod
