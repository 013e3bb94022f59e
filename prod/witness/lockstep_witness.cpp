// lockstep-witness: the third vote, on a machine that holds no data.
#include "io/tls/credentials.h"
#include "prod/common/log.h"
#include "prod/config/configuration.h"
#include "prod/daemon/flight_recorder.h"
#include "prod/daemon/process_setup.h"
#include "prod/setup/service_start.h"
#include "prod/setup/setup.h"
#include "prod/witness/witness_host.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

namespace {

using namespace lockstep;
using namespace lockstep::prod;

int fail(const std::string& text) {
  log(io::Severity::error, text);
  return EXIT_FAILURE;
}

int run(const std::string& configuration, std::string state) {
  const LoadedConfiguration loaded = load_configuration(configuration, LoadScope::cluster_only);
  for (const ConfigurationError& error : loaded.errors) log(io::Severity::error, to_string(error));
  if (!loaded.errors.empty()) return fail("the configuration in " + configuration + " has mistakes");
  const ClusterConfiguration& cluster = loaded.configuration.cluster;
  if (cluster.etcd) {
    return fail("cluster.toml has [etcd], so etcd is the third vote of cluster " + cluster.name +
                ", and no witness may vote beside it: end lockstep-witness for good (\"systemctl disable --now " +
                "lockstep-witness\"), or write [witness] instead on every machine");
  }
  if (!cluster.has_third_vote()) {
    return fail(
        "cluster.toml has no [witness], so cluster " + cluster.name +
        " has no third vote: write [witness] on every machine, and have this one join, or end lockstep-witness " +
        "for good (\"systemctl disable --now lockstep-witness\")");
  }
  if (state.empty()) state = cluster.state_directory;
  if (const std::string error = make_directory(state); !error.empty()) return fail(error);
  const tls::LoadedCredentials keys = tls::load_credentials(configuration, {cluster.name, "witness"});
  for (const std::string& problem : keys.problems) log(io::Severity::error, problem);
  if (!keys.credentials) return fail("without keys and certificate of its own this witness cannot take part");
  if (!keys.warning.empty()) log(io::Severity::warning, keys.warning);
  WitnessHost host(cluster, state, tls::Context(*keys.credentials));
  if (const std::string error = host.prepare(); !error.empty()) return fail(error);
  log(io::Severity::info, "lockstep-witness " LOCKSTEP_VERSION " of cluster " + cluster.name + " listens at " +
                              cluster.witness_address + ":" + std::to_string(cluster.witness_port));
  host.start();
  const std::string signal = wait_for_end([] {});
  log(io::Severity::info, signal + ": stopping");
  host.stop();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  std::string configuration = "/etc/lockstep";
  std::string state;
  std::string level = "info";
  JoinOptions joining;
  CLI::App app("The third vote of a Lockstep cluster: decides with one server when the other cannot be reached.",
               "lockstep-witness");
  app.set_version_flag("--version", "lockstep-witness " LOCKSTEP_VERSION);
  app.add_option("--config", configuration, "Directory with cluster.toml")->capture_default_str();
  app.add_option("--state", state, "Directory for the votes; by default [paths] state");
  app.add_option("--log-level", level, "debug, info, warning or error")->capture_default_str();
  app.fallthrough();
  CLI::App* join = app.add_subcommand("join", "Become the witness of a cluster, with a token of its first server");
  join->add_option("token", joining.token,
                   "As \"lockstep init\" or \"lockstep invite\" printed it; - reads it from "
                   "standard input")
      ->required();
  join->add_flag("--keys-only", joining.keys_only, "A new key and certificate; the configuration stays");
  join->add_flag("!--no-start", joining.start, "Do not start lockstep-witness now, nor have it started at every boot");
  join->add_flag("--force", joining.force, "Although this machine was set up before");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
  }
  if (join->parsed()) {
    joining.configuration = configuration;
    const bool starts = starts_service(configuration, joining.start) && !joining.keys_only;
    return run_join(joining, Joining::witness) && (!starts || start_service("lockstep-witness")) ? EXIT_SUCCESS
                                                                                                 : EXIT_FAILURE;
  }
  set_up_signals();
  start_logging();
  if (!set_log_level(level)) {
    std::cerr << "--log-level is debug, info, warning or error, not \"" << level << "\"\n";
    return 2;
  }
  FlightRecorder::write_last_words_on_failure();
  return run(configuration, state);
}
