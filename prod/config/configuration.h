// What an administrator wrote into cluster.toml and modules/*.toml, checked and ready to use.
#pragma once

#include "engine/recording/elision.h"
#include "engine/settings.h"
#include "engine/values/node_id.h"
#include "io/asio/interface_address.h"
#include "io/linux/check_kind.h"
#include "prod/config/configuration_texts.h"
#include "prod/config/etcd_configuration.h"
#include "prod/config/webhook_configuration.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::prod {

struct NodeConfiguration {
  std::string name;
  std::string address;  ///< an IP address
};

/// What the flight recorder keeps of each module, on each machine.
struct RecorderConfiguration {
  bool enabled = true;
  std::uint64_t bytes_max = std::uint64_t{256} << 20U;
  recording::Payloads payloads = recording::Payloads::elided;
};

struct ClusterConfiguration {
  std::string name;
  std::array<NodeConfiguration, 2> nodes;  ///< by NodeId: the order in the file decides
  std::string witness_address;             ///< empty where `etcd` is the third vote, or nobody is
  std::uint16_t witness_port = 7790;
  std::optional<EtcdConfiguration> etcd;  ///< instead of a witness
  std::string http_address = "0.0.0.0";
  std::uint16_t http_port = 9010;
  std::string api_address = "0.0.0.0";
  std::uint16_t api_port = 9011;
  std::string state_directory = "/var/lib/lockstep";
  std::string run_directory = "/run/lockstep";  ///< empty where the file does not say it as it should
  RecorderConfiguration recorder;
  std::vector<WebhookConfiguration> webhooks;

  [[nodiscard]] bool has_third_vote() const { return !witness_address.empty() || etcd; }
  [[nodiscard]] const NodeConfiguration& node(NodeId id) const { return nodes[static_cast<std::size_t>(id)]; }
};

/// Where the package has the scripts that run known applications.
inline constexpr const char* application_scripts = "/usr/lib/lockstep/";

/// What runs the application where Lockstep does not: it is told the application's name.
enum class RunnerKind : std::uint8_t {
  service,    ///< systemd, a unit; without ".service"
  container,  ///< Docker, or Podman
  domain,     ///< libvirt
};
constexpr std::string_view to_string(RunnerKind kind) {
  constexpr std::string_view names[] = {"service", "container", "domain"};
  return names[static_cast<unsigned>(kind)];
}

struct Runner {
  RunnerKind kind{};
  std::string name;
  int line = 0;
  int column = 0;
};

/// The command that has this done with the application: "start", "stop", "force_stop", "check", "look". For /bin/sh -c.
/// `scripts`: the folder, with the slash at its end.
std::string runner_command(const Runner& runner, std::string_view what,
                           const std::string& scripts = application_scripts);

struct ModuleConfiguration {
  std::string name;  ///< the file's name without .toml
  std::string directory;
  std::uint16_t port = 7701;  ///< several modules may have one
  engine::Settings settings;  ///< `self` is not set here
  std::string timeout_text;   ///< as written, for messages
  /// prestart, start, stop, poststop, force_stop: for /bin/sh -c; empty if there is none.
  std::array<std::string, 5> commands;
  std::optional<Runner> runner;       ///< `commands` and one of `checks` have this one do it
  std::vector<io::CheckKind> checks;  ///< what each of settings.checks looks at

  /// Something of the configuration's that is named here, and where.
  struct Mention {
    std::string name;
    int line = 0;
    int column = 0;
  };
  Mention preferred;  ///< a node; empty if none is
  Mention isolation;  ///< "wait" or "takeover"; empty if it is not said
  std::vector<Mention> looks_at_modules;
  std::vector<io::ServiceAddress> addresses;
};

struct ConfigurationFiles {
  ClusterConfiguration cluster;
  std::vector<ModuleConfiguration> modules;  ///< by name
};

/// A mistake and where it is. `file` is relative to the configuration directory; line 0: the file as a whole.
struct ConfigurationError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text;

  bool operator==(const ConfigurationError&) const = default;
};

/// "modules/data.toml:3:1: unknown key ..."
std::string to_string(const ConfigurationError& error);

struct LoadedConfiguration {
  ConfigurationFiles configuration;        ///< complete only if there are no errors
  ConfigurationTexts texts;                ///< what it was made of
  std::vector<ConfigurationError> errors;  ///< all that were found, in the order of the files
};

/// `files` as read_files() has them.
LoadedConfiguration load_configuration(const std::vector<FileText>& files);
LoadedConfiguration load_configuration(const std::string& directory, LoadScope scope);

/// Which server this is: by `name`, or if that is empty by `host_name` (with or without its domain). `error` says
/// what to do if it is neither.
struct ChosenNode {
  std::optional<NodeId> node;
  std::string error;
};
ChosenNode choose_node(const ClusterConfiguration& cluster, const std::string& name, const std::string& host_name);

}  // namespace lockstep::prod
