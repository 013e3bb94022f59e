// [etcd] of cluster.toml: the servers that keep the third vote where no lockstep-witness runs.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace lockstep::prod {

inline constexpr std::uint16_t etcd_port_default = 2379;
inline constexpr std::size_t etcd_servers_max = 9;

struct EtcdConfiguration {
  struct Server {
    std::string host;  ///< an IP address in its usual form, without brackets; or a name
    std::uint16_t port = etcd_port_default;

    bool operator==(const Server&) const = default;
  };

  std::vector<Server> servers;
  std::string authority;    ///< file of who vouches for the servers
  std::string certificate;  ///< file of what is shown to them; empty, like `key`, if they ask for none
  std::string key;
  std::string prefix = "lockstep";  ///< the record of a module is PREFIX/CLUSTER/MODULE
};

/// "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT"; otherwise what is wrong with it, to follow the text.
std::variant<EtcdConfiguration::Server, std::string> parse_etcd_server(const std::string& text);
/// As it is written with its port.
std::string to_string(const EtcdConfiguration::Server& server);

}  // namespace lockstep::prod
