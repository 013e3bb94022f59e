#include "prod/config/load_checks.h"

#include <algorithm>
#include <array>

namespace lockstep::prod {

namespace {

using Presence = TomlSection::Presence;

constexpr Duration interval_min = milliseconds(100);
constexpr Duration interval_max = milliseconds(3'600'000);
constexpr Duration timeout_min = milliseconds(50);
constexpr std::int64_t misses_max = 1000;
constexpr std::int64_t restarts_most = 1000;
constexpr Duration window_min = milliseconds(1000);
constexpr Duration window_max = milliseconds(std::int64_t{240} * 3600 * 1000);
constexpr std::size_t interface_name_max = 15;
constexpr std::int64_t mib_max = std::int64_t{1} << 40U;

/// What suits most, where nothing else is said.
struct Defaults {
  std::string_view kind;
  Duration interval;
  Duration timeout;
  std::uint32_t misses;
  CheckAction action;
};
constexpr std::array<Defaults, 9> kinds{{
    {"process", milliseconds(1000), milliseconds(1000), 1, CheckAction::restart},
    {"tcp", milliseconds(1000), milliseconds(1000), 3, CheckAction::failover},
    {"http", milliseconds(1000), milliseconds(1000), 3, CheckAction::failover},
    {"script", milliseconds(5000), milliseconds(5000), 2, CheckAction::restart},
    {"ping", milliseconds(1000), milliseconds(1000), 3, CheckAction::wait},
    {"interface", milliseconds(1000), milliseconds(1000), 2, CheckAction::wait},
    {"address", milliseconds(1000), milliseconds(1000), 2, CheckAction::wait},
    {"disk_space", milliseconds(10'000), milliseconds(5000), 2, CheckAction::report},
    {"module", milliseconds(1000), milliseconds(1000), 2, CheckAction::wait},
}};

std::uint16_t port_of(TomlSection& section, Presence presence, std::uint16_t otherwise) {
  return section.port("port", presence).value_or(otherwise);
}

std::string text_of(TomlSection& section, std::string_view key, const std::string& otherwise = "") {
  return section.text(key, Presence::optional).value_or(otherwise);
}

std::string address_of(TomlSection& section, Presence presence) {
  return section.ip_address("address", presence).value_or("127.0.0.1");
}

io::CheckKind load_http(TomlSection& section) {
  io::HttpCheck check;
  check.address = address_of(section, Presence::optional);
  check.port = port_of(section, Presence::optional, check.port);
  check.host = text_of(section, "host");
  check.path = text_of(section, "path", check.path);
  if (check.path.empty() || check.path.front() != '/' || check.path.find_first_of(" \r\n") != std::string::npos) {
    section.error(section.position_of("path"),
                  "\"path\" is \"" + check.path + "\": it begins with / and has no spaces");
  }
  if (check.host.find_first_of(" \r\n") != std::string::npos) {
    section.error(section.position_of("host"), "\"host\" must not hold spaces or ends of lines");
  }
  if (const auto status = section.number("status", Presence::optional, 100, 599)) {
    check.status = static_cast<unsigned>(*status);
  }
  return check;
}

io::CheckKind load_process(TomlSection& section) {
  io::ProcessCheck check{text_of(section, "process"), section.path("pid_file", Presence::optional).value_or("")};
  if (!check.name.empty() && !check.pid_file.empty()) {
    section.error(section.position_of("process"), "\"process\" and \"pid_file\" both say which process: keep one");
  }
  return check;
}

io::CheckKind load_interface(TomlSection& section) {
  io::InterfaceCheck check{section.text("interface", Presence::required).value_or("")};
  if (section.has("interface") && (check.name.empty() || check.name.size() > interface_name_max)) {
    section.error(section.position_of("interface"),
                  "\"interface\" is \"" + check.name + "\": a name such as \"eth0\", at most 15 characters");
  }
  return check;
}

io::CheckKind load_disk_space(TomlSection& section, const ModuleConfiguration& module) {
  io::DiskSpaceCheck check;
  check.path = section.path("path", Presence::optional).value_or(module.directory);
  const auto mib = section.number("free_mib_min", Presence::required, 1, mib_max);
  check.free_bytes_min = static_cast<std::uint64_t>(mib.value_or(1)) << 20U;
  return check;
}

/// In the order of `kinds`.
io::CheckKind load_kind(std::size_t kind, TomlSection& section, ModuleConfiguration& module) {
  switch (kind) {
    case 0: return load_process(section);
    case 1: {
      const std::string address = address_of(section, Presence::optional);
      const std::uint16_t port = port_of(section, Presence::required, 0);
      return io::TcpCheck{address, port, text_of(section, "send"), text_of(section, "expect")};
    }
    case 2: return load_http(section);
    case 3: return io::ScriptCheck{section.text("command", Presence::required).value_or("")};
    case 4: return io::PingCheck{address_of(section, Presence::required)};
    case 5: return load_interface(section);
    case 6: return io::AddressCheck{address_of(section, Presence::required)};
    case 7: return load_disk_space(section, module);
    default: break;
  }
  io::ModuleCheck check{section.name("module", Presence::required).value_or("")};
  const TomlPosition position = section.position_of("module");
  if (!check.module.empty()) module.looks_at_modules.push_back({check.module, position.line, position.column});
  return check;
}

void load_times(TomlSection& section, engine::CheckSettings& check) {
  if (const auto interval = section.duration("interval", interval_min, interval_max)) check.interval = *interval;
  if (const auto timeout = section.duration("timeout", timeout_min, interval_max)) check.timeout = *timeout;
  if (const auto grace = section.duration("grace", Duration{}, interval_max)) check.grace = *grace;
  if (const auto misses = section.number("misses", Presence::optional, 1, misses_max)) {
    check.misses_max = static_cast<std::uint32_t>(*misses);
  }
}

void load_check(const TomlValue& value, const std::string& shown_name, ModuleConfiguration& module,
                std::vector<ConfigurationError>& errors) {
  TomlSection section(value, shown_name, "[[check]]", errors);
  std::vector<std::string_view> names;
  std::string all;
  for (const Defaults& each : kinds) {
    names.push_back(each.kind);
    all += (all.empty() ? "" : ", ") + std::string(each.kind);
  }
  const auto kind = section.choice("kind", names);
  if (!kind) {
    // Which other keys it may have depends on that: they are looked at when it is right.
    if (!section.has("kind")) section.error(value.position, "\"kind\" is missing in [[check]]: one of " + all);
    return;
  }
  const Defaults& usual = kinds[*kind];
  engine::CheckSettings check{std::string(usual.kind), usual.interval, usual.timeout, {}, usual.misses, usual.action};
  if (const auto name = section.name("name", Presence::optional)) check.name = *name;
  load_times(section, check);
  if (const auto action = section.choice("action", {"report", "restart", "failover", "stop", "wait"})) {
    check.action = static_cast<CheckAction>(*action);
  }
  io::CheckKind looks_at = load_kind(*kind, section, module);
  section.finish();
  if (std::holds_alternative<io::ProcessCheck>(looks_at) && check.of_server()) {
    section.error(section.position_of("action"),
                  "action = \"wait\" is for what a server must have before the application can run there: a check of "
                  "the application's process can have \"restart\", \"failover\", \"stop\" or \"report\"");
  }
  for (const engine::CheckSettings& earlier : module.settings.checks) {
    if (earlier.name != check.name) continue;
    section.error(section.has("name") ? section.position_of("name") : value.position,
                  "two checks are called \"" + check.name + "\": give each a name of its own");
  }
  module.settings.checks.push_back(std::move(check));
  module.checks.push_back(std::move(looks_at));
}

}  // namespace

void load_checks(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors) {
  const TomlEntry* entry = file.any("check");
  if (entry == nullptr) return;
  const auto* list = std::get_if<TomlValue::Array>(&entry->value.value);
  if (list == nullptr) {
    file.error(entry->position, "\"check\" should be a list of tables: write [[check]], with two brackets, for each");
    return;
  }
  if (list->size() > checks_max) {
    file.error(entry->position, std::to_string(list->size()) + " checks: at most " + std::to_string(checks_max));
    return;
  }
  for (const TomlValue& each : *list) load_check(each, shown_name, module, errors);
}

void load_policy(TomlSection& file, const std::string& shown_name, ModuleConfiguration& module,
                 std::vector<ConfigurationError>& errors) {
  const TomlEntry* entry = file.any("policy");
  if (entry == nullptr) return;
  TomlSection policy(entry->value, shown_name, "[policy]", errors);
  engine::Settings& settings = module.settings;
  if (const auto restarts = policy.number("restarts_max", Presence::optional, 0, restarts_most)) {
    settings.restarts_max = static_cast<std::uint32_t>(*restarts);
  }
  if (const auto window = policy.duration("restarts_window", window_min, window_max)) {
    settings.restarts_window = *window;
  }
  if (const auto preferred = policy.name("preferred", Presence::optional)) {
    const TomlPosition position = policy.position_of("preferred");
    module.preferred = {*preferred, position.line, position.column};
  }
  if (const auto swap_back = policy.truth("swap_back")) settings.swap_back = *swap_back;
  if (settings.swap_back && !policy.has("preferred")) {
    policy.error(policy.position_of("swap_back"), "\"swap_back\" needs \"preferred\": to which node?");
  }
  policy.finish();
}

}  // namespace lockstep::prod
