#include "prod/daemon/module_checks.h"

#include "io/asio/event_loop.h"
#include "prod/daemon/module_host.h"

#include <utility>

namespace lockstep::prod {

namespace {

/// As its own load balancers would see it.
io::Finding look_at(const ModuleHost& module) {
  const ModuleConfiguration& configuration = module.configuration();
  const auto published = module.board().latest();
  const Health health = health_of(published.get(), io::EventLoop::now(), configuration.settings.timeout);
  return {health.serves, "module " + configuration.name + (health.serves ? " serves" : ": " + health.reason)};
}

}  // namespace

io::LinuxChecksOptions checks_options(const ModuleConfiguration& module,
                                      const io::ScriptApplicationOptions& application,
                                      const std::vector<ModuleHost*>& others,
                                      std::function<io::ApplicationTraits()> traits) {
  io::LinuxChecksOptions options;
  options.kinds = module.checks;
  for (const engine::CheckSettings& check : module.settings.checks) options.names.push_back(check.name);
  options.surroundings.environment = {{"LOCKSTEP_MODULE", application.module},
                                      {"LOCKSTEP_NODE", application.node},
                                      {"LOCKSTEP_DIRECTORY", application.directory}};
  options.surroundings.traits = std::move(traits);
  options.surroundings.other_module = [others](const std::string& name) {
    for (const ModuleHost* each : others) {
      if (each->configuration().name == name) return look_at(*each);
    }
    return io::Finding{false, "there is no module " + name};
  };
  return options;
}

}  // namespace lockstep::prod
