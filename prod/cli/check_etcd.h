// What "lockstep check" says of [etcd]: whether its files can be used on this machine, and whether etcd outlives either
// server.
#pragma once

#include "prod/cli/check.h"

namespace lockstep::prod {

void check_etcd_files(const EtcdConfiguration& etcd, MachineCheck& check);
/// Of the servers that are written: others, which are not, may be part of the same etcd.
void check_etcd_places(const ClusterConfiguration& cluster, MachineCheck& check);

}  // namespace lockstep::prod
