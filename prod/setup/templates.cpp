#include "prod/setup/templates.h"

#include <algorithm>

namespace lockstep::prod {

namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// Of a cluster without a third vote.
std::string isolation_of(const ModuleConfiguration& module) {
  if (module.settings.has_third_vote()) return "";
  return R"(isolation = "wait"         # while the servers do not hear each other nothing is served; "takeover": both go on
)";
}

std::string head_of(const ModuleConfiguration& module) {
  return "# The module \"" + module.name +
         R"(": what fails over as one. The same file on both servers.
directory = )" +
         quoted(module.directory) +
         R"(    # everything in it is replicated; on ext4, XFS or btrfs
port = )" +
         std::to_string(module.port) +
         R"(                # of the link between the two servers; modules may share it
durability = "replicated"  # or "commit", "durable"
timeout = "2s"             # a silent server counts as gone after this long
verify = "weekly"          # or "daily", "never": compare both servers' data, a quarter of the time at most
)" + isolation_of(module);
}

std::string application_of(const ModuleConfiguration& module) {
  if (module.runner) {
    return "\n# Lockstep starts and stops it, and checks every second that it runs.\n[application]\n" +
           std::string(to_string(module.runner->kind)) + " = " + quoted(module.runner->name) + "\n";
  }
  return R"(
# [application]
# start = "/usr/local/sbin/)" +
         module.name + R"( start"     # ends when the application serves
# stop = "/usr/local/sbin/)" +
         module.name + R"( stop"       # ends when it has ended
)";
}

std::string third_vote(const ClusterConfiguration& cluster) {
  if (!cluster.has_third_vote()) {
    return R"(# There is no third vote. With one, on any third machine, one server goes on when the other fails, and never both:
# [witness]
# address = "10.0.0.3"
)";
  }
  if (!cluster.etcd) {
    return R"(# The third vote, on any other machine: it holds no data.
[witness]
address = )" +
           quoted(cluster.witness_address) + "\nport = " + std::to_string(cluster.witness_port) + "\n";
  }
  const EtcdConfiguration& etcd = *cluster.etcd;
  std::string servers;
  for (const io::EtcdServer& server : etcd.servers) {
    servers += (servers.empty() ? "" : ", ") + quoted(to_string(server));
  }
  const std::string folder = etcd.authority.substr(0, etcd.authority.rfind('/') + 1);
  const std::string hidden = etcd.key.empty() ? "# " : "";
  return R"(# The third vote: an etcd that most likely outlives either of the two servers.
[etcd]
servers = [)" +
         servers + "]\nauthority = " + quoted(etcd.authority) + "      # who vouches for these servers\n" + hidden +
         "certificate = " + quoted(folder + "client.crt") + "    # what is shown to them, if they ask for it\n" +
         hidden + "key = " + quoted(folder + "client.key") + "\n";
}

}  // namespace

std::string cluster_file(const ClusterConfiguration& cluster) {
  std::string text = "# The cluster \"" + cluster.name + "\": the same file on both servers" +
                     (cluster.witness_address.empty() ? "" : " and on the witness's machine") + R"(.
# "lockstep check" explains every mistake in it. Keys and certificates are in tls/ beside it.
name = )" + quoted(cluster.name) +
                     R"(

# The two servers that hold the data, in the same order everywhere: how `hostname` calls them, and their address on
# the network between them.
)";
  for (const NodeConfiguration& node : cluster.nodes) {
    text += "[[node]]\nname = " + quoted(node.name) + "\naddress = " + quoted(node.address) + "\n\n";
  }
  text += third_vote(cluster) + R"(
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
  return head_of(module) + application_of(module) + R"(
# [resync]                 # these are the defaults
# share_percent = 1        # of the primary's time, at most, while the application works
# bytes_per_second_max = 50000000
)";
}

std::string postgresql_module_file(const ModuleConfiguration& module) {
  const auto phase = [&](const std::string& name) {
    return quoted("/usr/lib/lockstep/postgresql " + name + " " + module.directory);
  };
  return head_of(module) + R"(
# The database is )" +
         module.directory +
         R"(/data, with its configuration. The script is there to be read: copy it for what it does not do.
[application]
start = )" +
         phase("start") + R"(              # makes a database if there is none
stop = )" +
         phase("stop") + R"(
force_stop = )" +
         phase("force_stop") + R"(    # if that takes longer than stop_timeout
timeout = "10m"            # what the start after a power loss may take
stop_timeout = "1m"

[[check]]
kind = "process"           # the end of PostgreSQL is noticed at once: restarted

[[check]]
kind = "script"            # a query that is not answered twice: the other server takes over
name = "query"
command = )" +
         phase("check") + R"(
action = "failover"

# One or more addresses that follow PostgreSQL, where no load balancer leads clients to it.
# [[address]]
# address = "10.0.0.100/24"
)";
}

bool is_shell_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  });
}

}  // namespace lockstep::prod
