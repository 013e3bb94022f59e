// [etcd] of cluster.toml: the servers that keep the third vote where no lockstep-witness runs.
#pragma once

#include "io/etcd/etcd_server.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::prod {

inline constexpr std::size_t etcd_servers_max = 9;

struct EtcdConfiguration {
  std::vector<io::EtcdServer> servers;
  std::string authority;    ///< file of who vouches for the servers
  std::string certificate;  ///< file of what is shown to them; empty, like `key`, if they ask for none
  std::string key;
  std::string prefix = "lockstep";  ///< the record of a module is PREFIX/CLUSTER/MODULE
};

/// "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT"; otherwise what is wrong with it, to follow the text.
std::variant<io::EtcdServer, std::string> parse_etcd_server(const std::string& text);

}  // namespace lockstep::prod
