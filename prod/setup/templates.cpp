#include "prod/setup/templates.h"

namespace lockstep::prod {

namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

std::string cluster_file(const ClusterConfiguration& cluster) {
  std::string text = "# The cluster \"" + cluster.name +
                     R"(": the same file on both servers and on the witness's machine.
# "lockstep check" explains every mistake in it. Keys and certificates are in tls/ beside it.
name = )" + quoted(cluster.name) +
                     R"(

# The two servers that hold the data, in the same order everywhere: how `hostname` calls them, and their address on
# the network between them.
)";
  for (const NodeConfiguration& node : cluster.nodes) {
    text += "[[node]]\nname = " + quoted(node.name) + "\naddress = " + quoted(node.address) + "\n\n";
  }
  text += R"(# The third vote, on any other machine: it holds no data.
[witness]
address = )" +
          quoted(cluster.witness_address) + "\nport = " + std::to_string(cluster.witness_port) + R"(

# For load balancers, without encryption: GET /health/MODULE answers 200 where the application serves, 503 elsewhere.
[http]
address = )" +
          quoted(cluster.http_address) + "\nport = " + std::to_string(cluster.http_port) + R"(

# The HTTP API, over TLS, for whoever has a token of "lockstep token add": these are the defaults.
# [api]
# address = "0.0.0.0"
# port = 9011

# The flight recorder; these are the defaults.
# [recorder]
# enabled = true
# bytes_max = 268435456    # of each module, on each machine; the oldest go
# payloads = "elided"      # or "full": the recordings then hold what the application writes
)";
  return text;
}

std::string module_file(const ModuleConfiguration& module) {
  return "# The module \"" + module.name +
         R"(": what fails over as one. The same file on both servers.
directory = )" +
         quoted(module.directory) +
         R"(    # everything in it is replicated; on ext4, XFS or btrfs
port = )" +
         std::to_string(module.port) +
         R"(                # of the link between the two servers; another for each module
durability = "replicated"  # or "commit", "durable"
timeout = "2s"             # a silent server counts as gone after this long
verify = "weekly"          # or "daily", "never": compare both servers' data, a quarter of the time at most

# [application]
# start = "/usr/local/sbin/)" +
         module.name + R"( start"     # ends when the application serves
# stop = "/usr/local/sbin/)" +
         module.name + R"( stop"       # ends when it has ended

# [resync]                 # these are the defaults
# share_percent = 1        # of the primary's time, at most, while the application works
# bytes_per_second_max = 50000000
)";
}

}  // namespace lockstep::prod
