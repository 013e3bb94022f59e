#include "prod/config/configuration.h"

#include "prod/config/load.h"
#include "prod/config/toml_section.h"

#include <algorithm>
#include <filesystem>

namespace lockstep::prod {

namespace {

bool beneath(const std::string& path, const std::string& directory) {
  return path.compare(0, directory.size(), directory) == 0 &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

/// A check of module `i` looks at another one.
void check_mention(const ConfigurationFiles& configuration, std::size_t i, const ModuleConfiguration::Mention& other,
                   std::vector<ConfigurationError>& errors) {
  const std::string& own = configuration.modules[i].name;
  std::vector<std::string> names;
  for (const ModuleConfiguration& each : configuration.modules) {
    if (each.name != own) names.push_back(each.name);
  }
  if (std::find(names.begin(), names.end(), other.name) != names.end()) return;
  const auto meant = nearest(other.name, names);
  errors.push_back({"modules/" + own + ".toml", other.line, other.column,
                    other.name == own ? "a module's check cannot look at the module itself"
                                      : "there is no module \"" + other.name + "\"" +
                                            (meant ? ": did you mean \"" + *meant + "\"?" : "")});
}

/// The preferred node by its name.
void resolve_preferred(ConfigurationFiles& configuration, std::vector<ConfigurationError>& errors) {
  const auto& nodes = configuration.cluster.nodes;
  for (ModuleConfiguration& module : configuration.modules) {
    const ModuleConfiguration::Mention& wanted = module.preferred;
    if (wanted.name.empty()) continue;
    for (const NodeId id : {NodeId::first, NodeId::second}) {
      if (configuration.cluster.node(id).name == wanted.name) module.settings.preferred = id;
    }
    if (module.settings.preferred) continue;
    errors.push_back({"modules/" + module.name + ".toml", wanted.line, wanted.column,
                      "\"preferred\" is \"" + wanted.name + "\": cluster.toml knows \"" + nodes[0].name + "\" and \"" +
                          nodes[1].name + "\""});
  }
}

/// Without a third vote each module's own choice counts.
void resolve_isolation(ConfigurationFiles& configuration, std::vector<ConfigurationError>& errors) {
  for (ModuleConfiguration& module : configuration.modules) {
    const ModuleConfiguration::Mention& said = module.isolation;
    const bool takeover = said.name == "takeover";
    if (!configuration.cluster.has_third_vote()) {
      module.settings.isolation = takeover ? engine::Isolation::takeover : engine::Isolation::wait;
    } else if (takeover) {
      errors.push_back({"modules/" + module.name + ".toml", said.line, said.column,
                        "isolation = \"takeover\": the third vote of cluster.toml (" +
                            std::string(configuration.cluster.etcd ? "[etcd]" : "[witness]") +
                            ") decides which server goes on; take this line out"});
    }
  }
}

/// What is right in each file by itself and wrong together.
void check_together(const ConfigurationFiles& configuration, std::vector<ConfigurationError>& errors) {
  const ClusterConfiguration& cluster = configuration.cluster;
  for (std::size_t i = 0; i < configuration.modules.size(); ++i) {
    const ModuleConfiguration& module = configuration.modules[i];
    const std::string file = "modules/" + module.name + ".toml";
    const auto error = [&](const std::string& text) { errors.push_back({file, 0, 0, text}); };
    if (module.port == cluster.http_port) {
      error("port " + std::to_string(module.port) + " is that of [http] in cluster.toml: choose another");
    }
    if (module.port == cluster.api_port) {
      error("port " + std::to_string(module.port) + " is that of [api] in cluster.toml: choose another");
    }
    for (const std::string& own : {cluster.state_directory, cluster.run_directory}) {
      if (!own.empty() && !module.directory.empty() &&
          (beneath(own, module.directory) || beneath(module.directory, own))) {
        error("directory " + module.directory + " and Lockstep's own " + own +
              " lie within each other: keep them apart");
      }
    }
    for (const ModuleConfiguration::Mention& other : module.looks_at_modules)
      check_mention(configuration, i, other, errors);
    for (std::size_t j = 0; j < i; ++j) {
      const ModuleConfiguration& earlier = configuration.modules[j];
      if (!module.directory.empty() && !earlier.directory.empty() &&
          (beneath(module.directory, earlier.directory) || beneath(earlier.directory, module.directory))) {
        error("directory " + module.directory + " and that of module \"" + earlier.name +
              "\" lie within each other: keep them apart");
      }
      if (module.runner && earlier.runner && module.runner->kind == earlier.runner->kind &&
          module.runner->name == earlier.runner->name) {
        errors.push_back({file, module.runner->line, module.runner->column,
                          std::string(to_string(module.runner->kind)) + " \"" + module.runner->name +
                              "\" is that of module \"" + earlier.name + "\": each starts and ends its own"});
      }
    }
  }
}

ConfigurationError already_taken(const ModuleConfiguration& module, const std::string& address,
                                 const std::string& owner) {
  return {"modules/" + module.name + ".toml", 0, 0,
          "[[address]] " + address + " is that of " + owner + ": choose one that nobody else has"};
}

/// One address is at one place at a time, and never the one by which a server is always known.
void check_addresses(const ConfigurationFiles& configuration, std::vector<ConfigurationError>& errors) {
  const ClusterConfiguration& cluster = configuration.cluster;
  std::vector<std::pair<std::string, std::string>> taken = {{cluster.witness_address, "the witness"}};
  if (cluster.etcd) {
    for (const io::EtcdServer& server : cluster.etcd->servers) taken.emplace_back(server.host, "a server of [etcd]");
  }
  for (const NodeConfiguration& node : cluster.nodes) taken.emplace_back(node.address, "node \"" + node.name + "\"");
  for (const ModuleConfiguration& module : configuration.modules) {
    for (const io::ServiceAddress& address : module.addresses) {
      const std::string text = address.address.address.to_string();
      for (const auto& [other, owner] : taken) {
        if (text == other) errors.push_back(already_taken(module, text, owner));
      }
      taken.emplace_back(text, "[[address]] of module \"" + module.name + "\"");
    }
  }
}

/// Nothing if it cannot be read or is not TOML.
std::optional<TomlValue> parse(const FileText& file, LoadedConfiguration& loaded) {
  if (!file.mistake.empty()) {
    loaded.errors.push_back({file.name, 0, 0, file.mistake});
    return std::nullopt;
  }
  loaded.texts[file.name] = file.text;
  const std::size_t errors_before = loaded.errors.size();
  TomlValue document = parse_toml(file.text, file.name, loaded.errors);
  return loaded.errors.size() == errors_before ? std::optional(std::move(document)) : std::nullopt;
}

void load_module_file(const FileText& file, LoadedConfiguration& loaded) {
  ModuleConfiguration module;
  module.name = std::filesystem::path(file.name).stem().string();
  if (!is_name(module.name)) {
    loaded.errors.push_back({file.name, 0, 0,
                             "the file's name is the module's name: use lower case letters, digits, \"-\" "
                             "and \"_\", at most 63 characters"});
  }
  if (const auto document = parse(file, loaded)) load_module(*document, file.name, module, loaded.errors);
  loaded.configuration.modules.push_back(std::move(module));
}

}  // namespace

std::string to_string(const ConfigurationError& error) {
  std::string place = error.file;
  if (error.line > 0) place += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
  return place + ": " + error.text;
}

LoadedConfiguration load_configuration(const std::vector<FileText>& files) {
  LoadedConfiguration loaded;
  ClusterConfiguration& cluster = loaded.configuration.cluster;
  for (const FileText& file : files) {
    if (file.name == modules_directory_name) {
      parse(file, loaded);
    } else if (file.name != cluster_file_name) {
      load_module_file(file, loaded);
    } else if (const auto document = parse(file, loaded)) {
      load_cluster(*document, file.name, cluster, loaded.errors);
    } else {
      cluster.run_directory.clear();
    }
  }
  check_together(loaded.configuration, loaded.errors);
  resolve_preferred(loaded.configuration, loaded.errors);
  resolve_isolation(loaded.configuration, loaded.errors);
  check_addresses(loaded.configuration, loaded.errors);
  return loaded;
}

LoadedConfiguration load_configuration(const std::string& directory, LoadScope scope) {
  return load_configuration(read_files(directory, scope));
}

ChosenNode choose_node(const ClusterConfiguration& cluster, const std::string& name, const std::string& host_name) {
  const std::string& wanted = name.empty() ? host_name : name;
  const std::string without_domain = wanted.substr(0, wanted.find('.'));
  for (const NodeId id : {NodeId::first, NodeId::second}) {
    const std::string& node = cluster.node(id).name;
    if (node == wanted || (name.empty() && node == without_domain)) return {id, {}};
  }
  return {std::nullopt,
          (name.empty() ? "this host is called \"" + host_name + "\"" : "there is no node \"" + name + "\"") +
              ", and cluster.toml knows \"" + cluster.nodes[0].name + "\" and \"" + cluster.nodes[1].name +
              "\": say which of them this server is with --node"};
}

}  // namespace lockstep::prod
