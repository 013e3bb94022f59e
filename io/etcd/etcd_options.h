// Where an etcd is and how to be let in.
#pragma once

#include "engine/values/time.h"
#include "io/etcd/etcd_server.h"

#include <string>
#include <vector>

namespace lockstep::io {

struct EtcdOptions {
  std::vector<EtcdServer> servers;  ///< of one cluster, in the order in which they are tried
  std::string authority_file;       ///< PEM: whoever signed the servers' certificates
  std::string certificate_file;     ///< PEM: what this end shows, and its key; both empty: nothing
  std::string key_file;
  std::string key;                     ///< of the record, "lockstep/CLUSTER/MODULE"
  Duration answer_max;                 ///< a server that takes longer, to connect or for one call, counts as down
  Duration pause = milliseconds(500);  ///< from one attempt to the next
};

}  // namespace lockstep::io
