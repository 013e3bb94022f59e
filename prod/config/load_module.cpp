#include "prod/config/load.h"
#include "prod/config/load_application.h"
#include "prod/config/load_checks.h"
#include "prod/config/toml_section.h"

#include <algorithm>

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;

/// Below this a busy scheduler would look like a dead server.
constexpr Duration timeout_min = milliseconds(300);
constexpr Duration timeout_max = milliseconds(600'000);
constexpr Duration heartbeat_min = milliseconds(10);
/// Less would not end in a lifetime, more is no limit.
constexpr std::int64_t rate_min = std::int64_t{64} * 1024;
constexpr std::int64_t rate_max = std::int64_t{1} << 40U;
/// So many heartbeats fit into one timeout at least, so that a late one does no harm.
constexpr std::int64_t heartbeats_per_timeout = 4;

void load_times(TomlSection& file, ModuleConfiguration& module) {
  engine::Settings& settings = module.settings;
  if (const auto timeout = file.duration("timeout", timeout_min, timeout_max)) settings.timeout = *timeout;
  module.timeout_text = format_duration(settings.timeout);
  settings.heartbeat_interval = std::min(settings.heartbeat_interval, settings.timeout / (2 * heartbeats_per_timeout));
  settings.link_grace = std::min(settings.link_grace, settings.timeout / 4);
  const auto heartbeat = file.duration("heartbeat", heartbeat_min, timeout_max);
  if (!heartbeat) return;
  if (*heartbeat * heartbeats_per_timeout > settings.timeout) {
    file.error(file.position_of("heartbeat"), "\"heartbeat\" is " + format_duration(*heartbeat) +
                                                  ": at most a quarter of timeout (" + module.timeout_text +
                                                  "), so that one late heartbeat does no harm");
    return;
  }
  settings.heartbeat_interval = *heartbeat;
}

void load_verify(TomlSection& file, engine::Settings& settings) {
  constexpr Duration day = milliseconds(std::int64_t{24} * 3600 * 1000);
  if (const auto rhythm = file.choice("verify", {"never", "daily", "weekly"})) {
    settings.verify_interval = std::array{Duration{}, day, day * 7}[*rhythm];
  }
  if (const auto share = file.number("verify_share", Presence::optional, 1, 100)) {
    settings.verify_share_percent = static_cast<std::uint32_t>(*share);
  }
}

void load_resync(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors) {
  const TomlEntry* entry = file.any("resync");
  if (entry == nullptr) return;
  TomlSection resync(entry->value, shown_name, "[resync]", errors);
  engine::Settings& settings = module.settings;
  if (const auto rate = resync.number("bytes_per_second_max", Presence::optional, rate_min, rate_max)) {
    settings.resync_bytes_per_second_max = static_cast<std::uint64_t>(*rate);
  }
  if (const auto share = resync.number("share_percent", Presence::optional, 1, 100)) {
    settings.resync_share_percent = *share;
  }
  resync.finish();
}

void load_addresses(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                    std::vector<ConfigurationError>& errors) {
  constexpr std::size_t interface_bytes_max = 15;
  const TomlEntry* entry = file.any("address");
  if (entry == nullptr) return;
  const auto* list = std::get_if<TomlValue::Array>(&entry->value.value);
  if (list == nullptr) {
    file.error(entry->position, "\"address\" is a list: write [[address]] with address = \"10.0.1.100/24\" for each");
    return;
  }
  for (const TomlValue& value : *list) {
    TomlSection section(value, shown_name, "[[address]]", errors);
    const auto text = section.text("address", Presence::required);
    const std::string interface = section.text("interface", Presence::optional).value_or("");
    section.finish();
    if (interface.size() > interface_bytes_max) {
      section.error(section.position_of("interface"), "\"" + interface + "\" is too long for an interface's name");
    }
    if (!text) continue;
    const auto parsed = io::parse_interface_address(*text);
    if (!parsed) {
      section.error(section.position_of("address"),
                    "\"" + *text + "\" is no address that a server can have: write it " +
                        "with its network, as in \"10.0.1.100/24\" or \"fd00::100/64\"");
      continue;
    }
    module.addresses.push_back({*parsed, interface});
  }
}

}  // namespace

void load_module(const TomlValue& document, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors) {
  TomlSection file(document, shown_name, "", errors);
  module.directory = file.path("directory", Presence::required).value_or("");
  if (module.directory == "/") {
    file.error(file.position_of("directory"), "\"directory\" is \"/\": choose the directory that holds the data");
  }
  if (const auto port = file.port("port", Presence::optional)) module.port = *port;
  if (const auto durability = file.choice("durability", {"commit", "replicated", "durable"})) {
    module.settings.durability = static_cast<engine::Durability>(*durability);
  }
  load_times(file, module);
  load_verify(file, module.settings);
  if (const auto start = file.truth("start_at_boot")) module.settings.start_at_boot = *start;
  if (const auto isolation = file.choice("isolation", {"wait", "takeover"})) {
    const TomlPosition at = file.position_of("isolation");
    module.isolation = {*isolation == 0 ? "wait" : "takeover", at.line, at.column};
  }
  load_application(file, shown_name, module, errors);
  load_resync(file, shown_name, module, errors);
  load_addresses(file, shown_name, module, errors);
  load_checks(file, shown_name, module, errors);
  add_check_of_runner(file, module);
  load_policy(file, shown_name, module, errors);
  file.finish();
}

}  // namespace lockstep::prod
