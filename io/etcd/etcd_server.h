// One of an etcd's servers, where its clients find it.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep::io {

struct EtcdServer {
  std::string host;  ///< an IP address in its usual form, without brackets; or a name
  std::uint16_t port = 2379;

  bool operator==(const EtcdServer&) const = default;
};

/// As in a URL.
inline std::string to_string(const EtcdServer& server) {
  const bool v6 = server.host.find(':') != std::string::npos;
  return (v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

}  // namespace lockstep::io
