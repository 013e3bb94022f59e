#include "sim/program/configured_module.h"

#include "prod/config/configuration.h"
#include "sim/program/exit.h"

#include <algorithm>

namespace lockstep::sim {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

const char* name_of(engine::Durability durability) {
  switch (durability) {
    case engine::Durability::commit: return "commit";
    case engine::Durability::replicated: return "replicated";
    case engine::Durability::durable: break;
  }
  return "durable";
}

}  // namespace

ConfiguredModule load_module_of(const std::string& directory, const std::string& module) {
  const prod::LoadedConfiguration loaded = prod::load_configuration(directory, prod::LoadScope::cluster_and_modules);
  if (!loaded.errors.empty()) {
    std::string text = directory + " is not a usable configuration:";
    for (const prod::ConfigurationError& error : loaded.errors) text += "\n  " + prod::to_string(error);
    throw UsageError(text);
  }
  const auto& modules = loaded.configuration.modules;
  std::string names;
  for (const auto& each : modules) names += (names.empty() ? "" : ", ") + each.name;
  if (module.empty() && modules.size() > 1) {
    throw UsageError(directory + " has several modules: say --module with one of " + names);
  }
  const auto found = std::find_if(modules.begin(), modules.end(),
                                  [&](const auto& each) { return module.empty() || each.name == module; });
  if (found == modules.end()) {
    throw UsageError(directory + " has no module \"" + module + "\"; there is " + names);
  }
  return {found->name, found->settings};
}

boost::json::object to_json(const engine::Settings& settings) {
  return {{"durability", name_of(settings.durability)},
          {"timeout_ms", settings.timeout.ns / ns_per_ms},
          {"heartbeat_ms", settings.heartbeat_interval.ns / ns_per_ms},
          {"link_grace_ms", settings.link_grace.ns / ns_per_ms},
          {"phase_timeout_ms", settings.phase_timeout.ns / ns_per_ms},
          {"clock_drift_per_mille", settings.clock_drift_per_mille},
          {"start_at_boot", settings.start_at_boot}};
}

}  // namespace lockstep::sim
