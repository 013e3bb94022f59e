// Where an etcd is and how to be let in.
#pragma once

#include "engine/values/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::io {

struct EtcdOptions {
  struct Server {
    std::string host;  ///< an address is better than a name: nothing else has to work for it
    std::uint16_t port = 0;
  };

  std::vector<Server> servers;   ///< of one cluster, in the order in which they are tried
  std::string authority_file;    ///< PEM: whoever signed the servers' certificates
  std::string certificate_file;  ///< PEM: what this end shows, and its key; both empty: nothing
  std::string key_file;
  std::string key;                     ///< of the record, "lockstep/CLUSTER/MODULE"
  Duration answer_max;                 ///< a server that takes longer, to connect or for one call, counts as down
  Duration pause = milliseconds(500);  ///< from one attempt to the next
};

}  // namespace lockstep::io
