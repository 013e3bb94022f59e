#include "io/tls/credentials.h"
#include "prod/config/configuration.h"
#include "prod/setup/enrolment.h"
#include "prod/setup/files.h"
#include "prod/setup/setup.h"
#include "prod/setup/templates.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

bool complain(const std::string& text) {
  std::cerr << "lockstep init: " << text << "\n";
  return false;
}

/// "s1=10.0.1.1"
bool read_nodes(const std::vector<std::string>& words, ClusterConfiguration& cluster) {
  if (words.size() != cluster.nodes.size()) {
    return complain("say --node NAME=ADDRESS for each of the two servers, this one first");
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos) {
      return complain("--node " + words[i] + ": say NAME=ADDRESS, like --node s1=10.0.1.1");
    }
    cluster.nodes[i] = {words[i].substr(0, equals), words[i].substr(equals + 1)};
  }
  return true;
}

/// "10.0.0.3", "10.0.0.3:7790", "[fd00::3]:7790"
bool read_witness(std::string text, ClusterConfiguration& cluster) {
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon != std::string::npos && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon)) {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, cluster.witness_port);
    if (error != std::errc() || rest != end) return complain("--witness " + text + ": say ADDRESS or ADDRESS:PORT");
    text.resize(colon);
  }
  if (bracketed && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  cluster.witness_address = text;
  return true;
}

/// Its files are where people look for them; a certificate is shown if there is one.
bool read_etcd(const InitOptions& options, ClusterConfiguration& cluster) {
  EtcdConfiguration& etcd = cluster.etcd.emplace();
  for (const std::string& word : options.etcd) {
    const auto parsed = parse_etcd_server(word);
    if (const auto* mistake = std::get_if<std::string>(&parsed)) return complain("--etcd " + word + " " + *mistake);
    etcd.servers.push_back(std::get<io::EtcdServer>(parsed));
  }
  const fs::path folder = fs::absolute(options.invite.configuration).lexically_normal() / "etcd";
  etcd.authority = folder / "ca.crt";
  if (std::error_code ignored; !fs::exists(folder / "client.key", ignored)) return true;
  etcd.certificate = folder / "client.crt";
  etcd.key = folder / "client.key";
  return true;
}

bool read_third_vote(const InitOptions& options, ClusterConfiguration& cluster) {
  const int said = (options.witness.empty() ? 0 : 1) + (options.etcd.empty() ? 0 : 1) + (options.no_witness ? 1 : 0);
  if (said != 1) {
    return complain(
        "say one of these: --witness ADDRESS of a third machine; --etcd HOST:PORT for each server of an etcd that is "
        "there; --no-witness if there is neither: then nothing can tell a server that is down from one that is cut "
        "off, "
        "and when the servers do not hear each other each module stops, or (isolation = \"takeover\" in its file) both "
        "go on, and what one of them writes then is only kept aside");
  }
  if (options.no_witness) return true;
  return options.etcd.empty() ? read_witness(options.witness, cluster) : read_etcd(options, cluster);
}

/// What the module is to run, if that was said.
bool read_runner(const InitOptions& options, std::optional<Runner>& runner) {
  const std::array<std::pair<RunnerKind, const std::string&>, 3> said = {{{RunnerKind::service, options.service},
                                                                          {RunnerKind::container, options.container},
                                                                          {RunnerKind::domain, options.domain}}};
  for (const auto& [kind, name] : said) {
    if (name.empty()) continue;
    if (runner || options.module.empty()) {
      return complain("say --" + std::string(to_string(kind)) +
                      " with --module and --directory, and only one of --service, --container and --domain");
    }
    runner = Runner{kind, name};
  }
  return true;
}

/// The first module, if one is wanted.
bool add_module(const InitOptions& options, std::vector<NewFile>& files) {
  ModuleConfiguration module;
  if (options.no_witness) module.settings.isolation = engine::Isolation::wait;
  module.port = options.module_port;
  if (!read_runner(options, module.runner)) return false;
  if (!options.postgresql.empty()) {
    if (!options.directory.empty()) return complain("--postgresql names the directory: leave --directory out");
    if (!is_shell_word(options.postgresql)) {
      return complain("--postgresql " + options.postgresql + ": a path of letters, digits and _ . - / only");
    }
    module.name = options.module.empty() ? "postgresql" : options.module;
    module.directory = options.postgresql;
    files.push_back({"modules/" + module.name + ".toml", postgresql_module_file(module), 0644});
    return true;
  }
  if (options.module.empty() != options.directory.empty()) {
    return complain("say --module NAME and --directory DIR together, or neither and write modules/NAME.toml later");
  }
  if (options.module.empty()) return true;
  module.name = options.module;
  module.directory = options.directory;
  files.push_back({"modules/" + module.name + ".toml", module_file(module), 0644});
  return true;
}

/// What lockstepd would say to these files, before anything is written where it looks.
bool acceptable(const std::vector<NewFile>& files, LoadScope scope) {
  std::string place = (fs::temp_directory_path() / "lockstep-init.XXXXXX").string();
  if (::mkdtemp(place.data()) == nullptr) return complain("cannot make a directory in /tmp");
  const std::string error = write_files(place, files);
  const LoadedConfiguration loaded = load_configuration(place, scope);
  fs::remove_all(place);
  if (!error.empty()) return complain(error);
  for (const ConfigurationError& mistake : loaded.errors) complain(mistake.text);
  return loaded.errors.empty();
}

std::vector<NewFile> new_keys(const ClusterConfiguration& cluster) {
  const tls::Authority authority = tls::Authority::create(cluster.name);
  const tls::Key key = tls::Key::generate();
  const Place first = place_of(cluster, NodeId::first);
  const tls::Certificate certificate = authority.issue({cluster.name, first.place}, first.name, first.hosts, key);
  const std::string folder = std::string(tls::credentials_folder) + "/";
  return {{folder + tls::authority_key_file, authority.key.pem(), 0600},
          {folder + tls::authority_file, authority.certificate.pem(), 0644},
          {folder + tls::key_file, key.pem(), 0600},
          {folder + tls::certificate_file, certificate.pem(), 0644}};
}

}  // namespace

bool run_init(const InitOptions& options) {
  ClusterConfiguration cluster;
  cluster.name = options.name;
  if (!read_nodes(options.nodes, cluster) || !read_third_vote(options, cluster)) return false;
  std::vector<NewFile> files = {{"cluster.toml", cluster_file(cluster), 0644}};
  if (!add_module(options, files)) return false;
  const LoadScope scope = files.size() == 1 ? LoadScope::cluster_only : LoadScope::cluster_and_modules;
  if (!acceptable(files, scope)) return false;

  const std::vector<NewFile> keys = new_keys(cluster);
  files.insert(files.end(), keys.begin(), keys.end());
  const std::string& place = options.invite.configuration;
  if (const auto there = existing(place, files); !there.empty() && !options.force) {
    return complain(there.front() + " exists: this server was set up before. \"lockstep invite\" lets further " +
                    "machines join; --force sets up a new cluster in its place, whose machines must all join again " +
                    "(what is replaced is kept as FILE.old)");
  }
  if (const std::string error = write_files(place, files); !error.empty()) return complain(error);
  std::cout << "Cluster \"" << cluster.name << "\" is set up in " << place << " on this server, "
            << cluster.nodes[0].name << ":\n";
  for (const NewFile& file : files) std::cout << "  " << file.path << "\n";
  std::cout << "Keep a copy of " << tls::credentials_folder << "/" << tls::authority_key_file
            << " where only you can read it: whoever has it can join.\n\n";
  return true;
}

}  // namespace lockstep::prod
