#include "prod/config/load.h"
#include "prod/config/toml_section.h"

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;

/// Of one module's recordings: enough for some segments, and less than a disk.
constexpr std::int64_t recorder_bytes_min = std::int64_t{4} << 20U;
constexpr std::int64_t recorder_bytes_max = std::int64_t{1} << 40U;

void load_nodes(TomlSection& file, const std::string& shown_name, ClusterConfiguration& cluster,
                std::vector<ConfigurationError>& errors) {
  constexpr const char* remedy =
      ": write one [[node]] with name and address for each of the two servers, in the same order on both";
  const TomlEntry* entry = file.any("node");
  const auto* list = entry == nullptr ? nullptr : std::get_if<TomlValue::Array>(&entry->value.value);
  if (list == nullptr) {
    file.error(entry == nullptr ? TomlPosition{1, 1} : entry->position, std::string("no list of nodes") + remedy);
    return;
  }
  if (list->size() != cluster.nodes.size()) {
    file.error(entry->position, std::to_string(list->size()) + " nodes instead of 2" + remedy);
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    TomlSection section((*list)[i], shown_name, "[[node]]", errors);
    const auto name = section.name("name", Presence::required);
    const auto address = section.ip_address("address", Presence::required);
    section.finish();
    if (i >= cluster.nodes.size()) continue;
    cluster.nodes[i] = {name.value_or(""), address.value_or("")};
    if (i == 0) continue;
    if (name && *name == cluster.nodes[0].name) {
      section.error(section.position_of("name"), "both nodes are called \"" + *name + "\": give each its own name");
    }
    if (address && *address == cluster.nodes[0].address) {
      section.error(section.position_of("address"),
                    "both nodes have the address " + *address + ": give each server its own");
    }
  }
}

/// Two third votes could each decide with another server. Where there is none, each module says what its nodes do when
/// they do not hear each other.
void load_third_vote(TomlSection& file, const std::string& shown_name, ClusterConfiguration& cluster,
                     std::vector<ConfigurationError>& errors) {
  const TomlEntry* witness = file.any("witness");
  const TomlEntry* etcd = file.any("etcd");
  if (witness != nullptr && etcd != nullptr) {
    const auto place = [](const TomlEntry* entry) { return std::pair(entry->position.line, entry->position.column); };
    const bool etcd_second = place(witness) < place(etcd);
    file.error((etcd_second ? etcd : witness)->position,
               std::string(etcd_second ? "[etcd] beside [witness]" : "[witness] beside [etcd]") +
                   ": a cluster has one third vote: take [etcd] out if a third machine runs lockstep-witness, " +
                   "otherwise [witness]");
  }
  if (witness != nullptr) {
    TomlSection section(witness->value, shown_name, "[witness]", errors);
    cluster.witness_address = section.ip_address("address", Presence::required).value_or("");
    if (const auto port = section.port("port", Presence::optional)) cluster.witness_port = *port;
    section.finish();
  }
  if (etcd != nullptr) load_etcd(*etcd, shown_name, cluster.etcd.emplace(), errors);
}

void load_recorder(TomlSection& section, RecorderConfiguration& recorder) {
  if (const auto enabled = section.truth("enabled")) recorder.enabled = *enabled;
  if (const auto bytes = section.number("bytes_max", Presence::optional, recorder_bytes_min, recorder_bytes_max)) {
    recorder.bytes_max = static_cast<std::uint64_t>(*bytes);
  }
  if (const auto payloads = section.choice("payloads", {"elided", "full"})) {
    recorder.payloads = static_cast<recording::Payloads>(*payloads);
  }
}

}  // namespace

void load_cluster(const TomlValue& document, const std::string& shown_name, ClusterConfiguration& cluster,
                  std::vector<ConfigurationError>& errors) {
  TomlSection file(document, shown_name, "", errors);
  cluster.name = file.name("name", Presence::required).value_or("");
  load_nodes(file, shown_name, cluster, errors);

  load_third_vote(file, shown_name, cluster, errors);
  if (const TomlEntry* entry = file.any("http")) {
    TomlSection http(entry->value, shown_name, "[http]", errors);
    if (auto address = http.ip_address("address", Presence::optional)) cluster.http_address = *address;
    if (const auto port = http.port("port", Presence::optional)) {
      cluster.http_port = *port;
    }
    http.finish();
  }
  if (const TomlEntry* entry = file.any("api")) {
    TomlSection api(entry->value, shown_name, "[api]", errors);
    if (auto address = api.ip_address("address", Presence::optional)) cluster.api_address = *address;
    if (const auto port = api.port("port", Presence::optional)) {
      cluster.api_port = *port;
    }
    if (cluster.api_port == cluster.http_port) {
      api.error(
          api.has("port") ? api.position_of("port") : entry->position,
          "port " + std::to_string(cluster.api_port) + " is that of [http], which is not encrypted: choose another");
    }
    api.finish();
  }
  if (const TomlEntry* entry = file.any("paths")) {
    TomlSection paths(entry->value, shown_name, "[paths]", errors);
    if (auto path = paths.path("state", Presence::optional)) cluster.state_directory = *path;
    const auto run = paths.path("run", Presence::optional);
    if (paths.has("run")) cluster.run_directory = run.value_or("");
    paths.finish();
  }
  if (const TomlEntry* entry = file.any("recorder")) {
    TomlSection section(entry->value, shown_name, "[recorder]", errors);
    load_recorder(section, cluster.recorder);
    section.finish();
  }
  if (const TomlEntry* entry = file.any("webhook")) load_webhooks(*entry, shown_name, cluster.webhooks, errors);
  file.finish();
}

}  // namespace lockstep::prod
