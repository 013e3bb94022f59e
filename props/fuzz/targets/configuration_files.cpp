// What an administrator wrote. Every mistake has its place in the file, and what passes is within its limits.
#include "engine/values/check.h"
#include "prod/config/load.h"
#include "prod/config/toml_section.h"
#include "props/fuzz/targets.h"

#include <algorithm>
#include <string>

namespace lockstep::fuzz {

namespace {

using prod::ConfigurationError;

constexpr const char* file = "file.toml";

void check_places(const std::vector<ConfigurationError>& errors, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const ConfigurationError& error : errors) {
    LOCKSTEP_CHECK(error.file == file && !error.text.empty(), "a mistake is named");
    LOCKSTEP_CHECK(error.line >= 0 && error.line <= lines + 1, "a mistake has its place in the file");
    LOCKSTEP_CHECK(!to_string(error).empty(), "a mistake can be printed");
  }
}

void check_duration(Duration duration) {
  LOCKSTEP_CHECK(prod::parse_duration(prod::format_duration(duration)) == duration, "a duration is read as written");
}

bool accepts_cluster(const Buffer& input) {
  std::vector<ConfigurationError> errors;
  prod::ClusterConfiguration cluster;
  const prod::TomlValue document = prod::parse_toml(input.text(), file, errors);
  if (errors.empty()) load_cluster(document, file, cluster, errors);
  check_places(errors, input.text());
  if (!errors.empty()) return false;
  LOCKSTEP_CHECK(prod::is_name(cluster.name) && prod::is_name(cluster.nodes[0].name) &&
                     prod::is_name(cluster.nodes[1].name) && cluster.nodes[0].name != cluster.nodes[1].name,
                 "cluster and nodes have names");
  LOCKSTEP_CHECK(cluster.witness_port != 0 && cluster.http_port != 0, "ports are no wildcards");
  LOCKSTEP_CHECK(cluster.state_directory.starts_with('/') && cluster.run_directory.starts_with('/'),
                 "directories are absolute");
  return true;
}

bool accepts_module(const Buffer& input) {
  std::vector<ConfigurationError> errors;
  prod::ModuleConfiguration module;
  const prod::TomlValue document = prod::parse_toml(input.text(), file, errors);
  if (errors.empty()) load_module(document, file, module, errors);
  check_places(errors, input.text());
  if (!errors.empty()) return false;
  const engine::Settings& settings = module.settings;
  LOCKSTEP_CHECK(module.directory.starts_with('/') && module.directory != "/" && module.port != 0,
                 "a module has a directory and a port");
  LOCKSTEP_CHECK(settings.timeout.ns > 0 && settings.heartbeat_interval.ns > 0 &&
                     settings.heartbeat_interval * 4 <= settings.timeout,
                 "heartbeats fit into the timeout");
  LOCKSTEP_CHECK(settings.resync_share_percent >= 1 && settings.resync_share_percent <= 100, "a share is of hundred");
  check_duration(settings.timeout);
  check_duration(settings.phase_timeout);
  return true;
}

std::vector<Buffer> cluster_seeds() {
  const std::string nodes =
      "name = \"office\"\n[[node]]\nname = \"s1\"\naddress = \"10.0.1.1\"\n"
      "[[node]]\nname = \"s2\"\naddress = \"10.0.1.2\"\n[witness]\naddress = \"10.0.0.3\"\n";
  return {
      Buffer::copy_of(nodes),
      Buffer::copy_of(nodes + "port = 7790\n[http]\naddress = \"::\"\nport = 9010\n[paths]\nstate = \"/var/lib/l\"\n"
                              "run = \"/run/l\"\n[recorder]\nenabled = false\nbytes_max = 268435456\n"
                              "payloads = \"full\"\n"),
      Buffer::copy_of(nodes + "[[webhook]]\nurl = \"https://alerts.example.org:8443/a?b=c\"\n"
                              "events = [\"role\", \"protection\"]\nsecret_file = \"/etc/s\"\nca_file = \"/etc/c\"\n"
                              "[[webhook]]\nurl = \"http://[2001:db8::1]\"\n"),
      Buffer::copy_of(nodes.substr(0, nodes.find("[witness]")) +
                      "[etcd]\nservers = [\"10.0.0.3:2379\", \"[fd00::3]\", \"etcd.example.org:4001\"]\n"
                      "authority = \"/etc/ca\"\ncertificate = \"/etc/c\"\nkey = \"/etc/k\"\nprefix = \"l\"\n")};
}

std::vector<Buffer> module_seeds() {
  const std::string least = "directory = \"/srv/shop\"\nport = 7701\n";
  return {Buffer::copy_of(least),
          Buffer::copy_of(least + "durability = \"durable\"\ntimeout = \"2s\"\nheartbeat = \"200ms\"\n"
                                  "verify = \"daily\"\nverify_share = 30\nstart_at_boot = false\nisolation = \"wait\"\n"
                                  "[application]\nstart = \"a\"\nstop = \"b\"\ntimeout = \"5m\"\n"
                                  "[resync]\nshare_percent = 1\nbytes_per_second_max = 50000000\n"),
          Buffer::copy_of(least + "[[address]]\naddress = \"10.0.1.100/24\"\n"
                                  "[[address]]\naddress = \"fd00::100/64\"\ninterface = \"eth1\"\n"
                                  "[[check]]\nkind = \"process\"\nprocess = \"postgres\"\n"
                                  "[[check]]\nkind = \"tcp\"\nname = \"web\"\nport = 8080\nexpect = \"ready\"\n"
                                  "interval = \"500ms\"\ntimeout = \"200ms\"\ngrace = \"30s\"\nmisses = 2\n"
                                  "action = \"stop\"\n"
                                  "[[check]]\nkind = \"disk_space\"\nfree_mib_min = 100\n"
                                  "[[check]]\nkind = \"ping\"\naddress = \"10.0.0.254\"\n"
                                  "[policy]\nrestarts_max = 5\nrestarts_window = \"12h\"\nswap_back = false\n")};
}

}  // namespace

const Target cluster_file{"cluster_file", accepts_cluster, cluster_seeds, 1024, 10'000};
const Target module_file{"module_file", accepts_module, module_seeds, 1024, 10'000};

}  // namespace lockstep::fuzz
