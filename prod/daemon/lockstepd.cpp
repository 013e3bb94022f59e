// lockstepd: the daemon of a server that holds data. Hosts every configured module.
#include "engine/values/check.h"
#include "io/asio/shared_ports.h"
#include "io/tls/credentials.h"
#include "prod/common/log.h"
#include "prod/config/configuration.h"
#include "prod/daemon/fencer.h"
#include "prod/daemon/flight_recorder.h"
#include "prod/daemon/kept_service.h"
#include "prod/daemon/module_application.h"
#include "prod/daemon/module_host.h"
#include "prod/daemon/process_setup.h"
#include "prod/daemon/reloader.h"
#include "prod/daemon/service_manager.h"
#include "prod/daemon/services.h"
#include "prod/events/event_log.h"
#include "prod/events/webhook_sender.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using namespace lockstep;
using namespace lockstep::prod;

/// On top of what a module's own phases may take: votes, the last resync bytes, unmounting.
constexpr std::chrono::seconds stop_extra_time{15};
/// The service manager starts a service that has failed again at once, and for ever: so it takes a while to fail.
constexpr std::chrono::seconds failure_pause{1};

struct Arguments {
  std::string configuration = "/etc/lockstep";
  std::string node;
  std::string log_level = "info";
};

int fail(const std::string& text) {
  log(io::Severity::error, text);
  return EXIT_FAILURE;
}

std::vector<FencedService> fenced_services(const ConfigurationFiles& configuration, NodeId self) {
  std::vector<FencedService> services;
  for (const ModuleConfiguration& module : configuration.modules) {
    services.push_back({lease_path(configuration.cluster, module),
                        application_options(configuration.cluster, module, self), module.addresses});
  }
  return services;
}

std::string prepare_all(const std::vector<std::unique_ptr<ModuleHost>>& hosts) {
  for (const auto& host : hosts) {
    if (std::string error = host->prepare(); !error.empty()) {
      return "module " + host->configuration().name + ": " + error;
    }
  }
  return {};
}

/// All at once, each within the time that its phases may take. By module: whether it has stopped.
std::vector<char> stop_all(const std::vector<std::unique_ptr<ModuleHost>>& hosts) {
  std::vector<std::thread> threads;
  std::vector<char> stopped(hosts.size(), 0);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    threads.emplace_back([&, i] {
      const engine::Settings& settings = hosts[i]->configuration().settings;
      const auto phases =
          std::chrono::nanoseconds((settings.stop_timeout + settings.force_stop_timeout + settings.phase_timeout).ns);
      stopped[i] = hosts[i]->stop_cleanly(std::chrono::steady_clock::now() + phases + stop_extra_time) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return stopped;
}

bool shut_down_all(const std::vector<std::unique_ptr<ModuleHost>>& hosts, const std::vector<char>& stopped) {
  bool clean = true;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const io::Report report = module_report(hosts[i]->configuration().name, nullptr);
    if (stopped[i] == 0) {
      report(io::Severity::error, "did not stop in time: its directory stays closed until the next start");
      clean = false;
    }
    if (const std::string error = hosts[i]->shut_down(stopped[i] != 0); !error.empty()) {
      report(io::Severity::error, error);
      clean = false;
    }
  }
  return clean;
}

int run(const Arguments& arguments, ServiceManager& manager) {
  const LoadedConfiguration loaded = load_configuration(arguments.configuration, LoadScope::cluster_and_modules);
  for (const ConfigurationError& error : loaded.errors) log(io::Severity::error, to_string(error));
  if (!loaded.errors.empty()) return fail("the configuration in " + arguments.configuration + " has mistakes");
  const ClusterConfiguration& cluster = loaded.configuration.cluster;
  const ChosenNode chosen = choose_node(cluster, arguments.node, host_name());
  if (!chosen.node) return fail(chosen.error);
  if (::geteuid() != 0) return fail("lockstepd mounts directories and must run as root");
  for (const std::string& path : {cluster.state_directory, cluster.run_directory}) {
    if (const std::string error = make_directory(path); !error.empty()) return fail(error);
  }
  const std::string unfenced = start_fencer(fenced_services(loaded.configuration, *chosen.node),
                                            [&manager] { static_cast<void>(manager.take_kept()); });
  if (!unfenced.empty()) return fail(unfenced);
  set_up_limits();

  const tls::LoadedCredentials keys =
      tls::load_credentials(arguments.configuration, {cluster.name, std::string(to_string(*chosen.node))});
  for (const std::string& problem : keys.problems) log(io::Severity::error, problem);
  if (!keys.credentials) return fail("without keys and certificate of its own this server cannot take part");
  if (!keys.warning.empty()) log(io::Severity::warning, keys.warning);
  const tls::Context tls(*keys.credentials);

  const io::Report report = &lockstep::prod::log;
  WebhookSender webhooks(cluster.webhooks, {cluster.name, cluster.node(*chosen.node).name, LOCKSTEP_VERSION}, report);
  EventLog events(cluster.state_directory, report,
                  [&webhooks](const std::string& module, const ModuleEvent& event) { webhooks.take(module, event); });
  io::SharedPorts ports(report);
  std::vector<std::unique_ptr<ModuleHost>> hosts;
  std::vector<ModuleHost*> views;
  KeptDescriptors kept = manager.take_kept();
  for (const ModuleConfiguration& module : loaded.configuration.modules) {
    hosts.push_back(std::make_unique<ModuleHost>(cluster, module, *chosen.node, tls, ports, events, manager,
                                                 take_service(kept, module.name)));
    views.push_back(hosts.back().get());
  }
  for (const std::string& module : end_others(std::move(kept), manager)) {
    log(io::Severity::warning, "the mount of module " + module + ", which is not configured any more, was ended");
  }
  for (const auto& host : hosts) host->know(views);
  const auto apply = [&](const ConfigurationFiles& files) {
    // Another module, or one less, takes a restart.
    LOCKSTEP_CHECK(files.modules.size() == hosts.size(), "a reload has the modules that run");
    webhooks.replace(files.cluster.webhooks);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      LOCKSTEP_CHECK(files.modules[i].name == hosts[i]->configuration().name, "a reload has the modules that run");
      hosts[i]->set_commands(files.modules[i].commands);
    }
  };
  const auto note = [&](const ModuleEvent& event) {
    for (const auto& host : hosts) host->note(event);
  };
  Reloader reloader(arguments.configuration, loaded.texts, {apply, note, report});
  Services services(views, webhooks, reloader, cluster, *chosen.node, arguments.configuration, *keys.credentials);
  std::string error = prepare_all(hosts);
  if (error.empty()) error = services.listen();
  if (!error.empty()) {
    for (const auto& host : hosts) host->abandon();
    return fail(error);
  }
  log(io::Severity::info,
      "lockstepd " LOCKSTEP_VERSION " runs as node " + cluster.node(*chosen.node).name + " of cluster " + cluster.name);
  for (const auto& host : hosts) host->start();
  services.start();
  manager.tell_ready();

  const std::string signal = wait_for_end([&] { reloader.reload("SIGHUP"); });
  log(io::Severity::info, signal + ": stopping");
  ModuleEvent stopping;
  stopping.name = "daemon_stopping";
  stopping.text = "the daemon stops (" + signal + ")";
  note(stopping);
  const std::vector<char> stopped = stop_all(hosts);
  services.stop();  // before the modules that it speaks of go
  const bool clean = shut_down_all(hosts, stopped);
  log(io::Severity::info, clean ? "stopped" : "ended, but not cleanly");
  return clean ? EXIT_SUCCESS : EXIT_FAILURE;
}

int start(int argc, char** argv, ServiceManager& manager) {
  Arguments arguments;
  CLI::App app("Keeps the application of each module alive on this server or on its peer, on replicated files.");
  app.set_version_flag("--version", "lockstepd " LOCKSTEP_VERSION);
  app.add_option("--config", arguments.configuration, "Directory with cluster.toml and modules/")
      ->capture_default_str();
  app.add_option("--node", arguments.node, "Which [[node]] this server is; by default the one with the host's name");
  app.add_option("--log-level", arguments.log_level, "debug, info, warning or error")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
  }
  set_up_signals();
  start_logging();
  if (!set_log_level(arguments.log_level)) {
    std::cerr << "--log-level is debug, info, warning or error, not \"" << arguments.log_level << "\"\n";
    return 2;
  }
  set_up_memory();
  FlightRecorder::write_last_words_on_failure();
  return run(arguments, manager);
}

}  // namespace

int main(int argc, char** argv) {
  ServiceManager manager;
  const int status = start(argc, argv, manager);
  if (status != EXIT_SUCCESS && manager.keeper() != 0) std::this_thread::sleep_for(failure_pause);
  return status;
}
