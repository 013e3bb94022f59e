#include "prod/cli/check.h"

#include "io/tls/credentials.h"
#include "prod/cli/check_etcd.h"
#include "prod/cli/check_runners.h"
#include "prod/cli/control_client.h"
#include "prod/common/control_protocol.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace lockstep::prod {

namespace {

using boost::asio::ip::tcp;

bool daemon_runs(const ClusterConfiguration& cluster) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = cluster.run_directory + "/" + control_socket_name;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answers = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return answers;
}

/// As far as the daemon says: without one nothing serves. Who may not ask does not know.
Serving serves(const ClusterConfiguration& cluster, const std::string& module) {
  ControlRequest request;
  request.module = module;
  request.verb = "status";
  const auto result = ask_daemon(cluster.run_directory + "/" + control_socket_name, request);
  const auto* answer = std::get_if<ControlAnswer>(&result);
  if (answer == nullptr) {
    return daemon_runs(cluster) || ::geteuid() != 0 ? Serving::unknown : Serving::no;
  }
  const auto* role = answer->status.if_contains("role");
  const bool primary =
      role != nullptr && role->is_string() && (role->as_string() == "PRIM" || role->as_string() == "ALONE");
  return primary ? Serving::yes : Serving::no;
}

/// Whether a program could listen there now; port 0 asks for the address only.
boost::system::error_code try_to_listen(const std::string& address, std::uint16_t port) {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  const tcp::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

void check_port(const std::string& address, std::uint16_t port, const std::string& what, MachineCheck& check) {
  if (const auto error = try_to_listen(address, port); error) {
    check.problems.push_back(what + ": port " + std::to_string(port) + " cannot be listened at on " + address + " (" +
                             error.message() + "): choose another, or end the program that has it (\"ss -ltnp\" " +
                             "shows which)");
  }
}

void check_directory(const ModuleConfiguration& module, MachineCheck& check) {
  const std::string what = "modules/" + module.name + ".toml: directory " + module.directory;
  struct stat info {};
  if (::stat(module.directory.c_str(), &info) != 0) {
    check.problems.push_back(what + ": " + std::strerror(errno) +
                             (errno == ENOENT ? ": make it, or correct the setting" : ""));
    return;
  }
  if (!S_ISDIR(info.st_mode)) {
    check.problems.push_back(what + " is no directory: correct the setting");
    return;
  }
  alignas(file_handle) std::array<std::byte, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* handle = reinterpret_cast<file_handle*>(room.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, module.directory.c_str(), handle, &mount, 0) != 0) {
    check.problems.push_back(what + " is on a filesystem without persistent file handles (" + std::strerror(errno) +
                             "): put it on ext4, XFS or btrfs");
  }
}

/// What a cluster without a third vote does while its servers do not hear each other.
void check_isolation(const ConfigurationFiles& files, MachineCheck& check) {
  for (const ModuleConfiguration& module : files.modules) {
    const std::string file = "modules/" + module.name + ".toml: ";
    const engine::Settings& settings = module.settings;
    const bool sees_network =
        std::any_of(settings.checks.begin(), settings.checks.end(), [](const auto& each) { return each.of_server(); });
    if (settings.isolation == engine::Isolation::wait) {
      check.warnings.push_back(file +
                               "there is no third vote, and isolation is \"wait\": when one server fails, the "
                               "other one stops the module");
    } else if (settings.isolation == engine::Isolation::takeover && !sees_network) {
      check.warnings.push_back(file +
                               "isolation is \"takeover\": when only the network between the servers fails, both "
                               "go on; with a [[check]] of kind \"ping\" and action \"wait\", at an address "
                               "beyond that network, only a server that reaches it takes over");
    }
  }
}

}  // namespace

MachineCheck check_machine(const std::string& configuration, const ConfigurationFiles& files, NodeId self) {
  MachineCheck check;
  const ClusterConfiguration& cluster = files.cluster;
  auto keys = tls::load_credentials(configuration, {cluster.name, std::string(to_string(self))});
  check.problems = std::move(keys.problems);
  if (!keys.warning.empty()) check.warnings.push_back(std::move(keys.warning));
  if (cluster.etcd) {
    check_etcd_files(*cluster.etcd, check);
    check_etcd_places(cluster, check);
  }
  check_isolation(files, check);
  check_runners(
      files, [&](const std::string& module) { return serves(cluster, module); }, application_scripts, check);
  const std::string& own = cluster.node(self).address;
  if (const auto error = try_to_listen(own, 0); error) {
    check.problems.push_back("cluster.toml: node " + cluster.node(self).name + " has the address " + own +
                             ", but this server has not (" + error.message() + "): correct it, or say --node");
    return check;
  }
  if (daemon_runs(cluster)) {
    check.warnings.emplace_back("lockstepd runs here: ports and directories were not looked at");
    return check;
  }
  check_port(cluster.http_address, cluster.http_port, "cluster.toml: [http]", check);
  check_port(cluster.api_address, cluster.api_port, "cluster.toml: [api]", check);
  for (const ModuleConfiguration& module : files.modules) {
    if (self == NodeId::first) check_port(own, module.port, "modules/" + module.name + ".toml", check);
    check_directory(module, check);
  }
  return check;
}

}  // namespace lockstep::prod
