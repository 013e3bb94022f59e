#include "prod/cli/setup_verbs.h"

#include "prod/cli/commands.h"
#include "prod/setup/service_start.h"

#include <iostream>

#include <CLI/CLI.hpp>

namespace lockstep::prod {

namespace {

CLI::App* add(CLI::App& app, std::string& verb, const std::string& name, const std::string& help) {
  CLI::App* added = app.add_subcommand(name, help);
  added->callback([&verb, name] { verb = name; });
  return added;
}

void add_invite_options(CLI::App* app, InviteOptions& options) {
  app->add_option("--address", options.address,
                  "Of this server, as the other machines see it; by default that of the route to each");
  app->add_option("--join-port", options.port, "Where they join")->capture_default_str();
  app->add_option("--minutes", options.minutes, "How long a token is good")
      ->check(CLI::Range(1, 7 * 24 * 60))
      ->capture_default_str();
}

void add_no_start(CLI::App* app, bool& start) {
  app->add_flag("!--no-start", start, "Do not start lockstepd now, nor have it started at every boot");
}

void add_init(CLI::App& app, SetupCommand& command, std::string& verb) {
  CLI::App* init = add(app, verb, "init",
                       "Set up a new cluster, on its first server: configuration, keys, and tokens for the others");
  init->add_option("--name", command.init.name, "Of the cluster")->required();
  init->add_option("--node", command.init.nodes, "NAME=ADDRESS of each server, this one first")
      ->required()
      ->type_name("NAME=ADDRESS")
      ->allow_extra_args(false);
  init->add_option("--witness", command.init.witness, "ADDRESS or ADDRESS:PORT of the third machine");
  init->add_option("--etcd", command.init.etcd,
                   "Instead: HOST:PORT of each server of an etcd that is to have the third vote; its files are "
                   "ca.crt, client.crt and client.key in CONFIG/etcd")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  init->add_flag(
      "--no-witness", command.init.no_witness,
      "Instead: nobody has a third vote; while the servers do not hear each other each module stops, or both "
      "go on, as its file says");
  init->add_option("--module", command.init.module, "A first module, with --directory");
  init->add_option("--directory", command.init.directory, "What it replicates");
  init->add_option("--service", command.init.service, "What the module runs: a systemd unit")->type_name("NAME");
  init->add_option("--container", command.init.container, "Or a container of Docker or Podman")->type_name("NAME");
  init->add_option("--domain", command.init.domain, "Or a virtual machine of libvirt")->type_name("NAME");
  init->add_option("--postgresql", command.init.postgresql,
                   "Instead of these: a module that runs PostgreSQL, and replicates this directory with its database")
      ->type_name("DIR");
  init->add_option("--port", command.init.module_port, "Of its link")->capture_default_str();
  add_no_start(init, command.init.start);
  init->add_flag("!--no-wait", command.init.wait, "Do not let the other machines join now");
  init->add_flag("--force", command.init.force, "Although a cluster was set up here before");
  add_invite_options(init, command.init.invite);
}

/// What "systemctl enable --now lockstepd" takes, and that.
bool begin(const std::string& configuration, const std::string& node) {
  if (prepare_modules(configuration)) {
    CommandLine line;
    line.configuration = configuration;
    line.node = node;
    if (run_check(line) == exit_done) return start_service("lockstepd");
  }
  std::cerr << "lockstep: lockstepd was not started. Put right what is said above, then: lockstep check, and systemctl "
               "enable --now lockstepd\n";
  return false;
}

/// First this server, which need not wait for the others.
bool set_up(const InitOptions& options, const std::string& node) {
  if (!run_init(options)) return false;
  const bool module = !options.module.empty() || !options.postgresql.empty();
  const bool starts = module && starts_service(options.invite.configuration, options.start);
  const bool begun = !starts || begin(options.invite.configuration, node);
  if (!options.wait) {
    std::cout << "\"lockstep invite\" lets the other machines join.\n";
    return begun;
  }
  std::cout << "\n";
  if (!run_invite(options.invite)) return false;
  if (starts && begun) {
    std::cout << "Now, on the server that has the good data, or on any if there are none yet: lockstep -m "
              << (options.module.empty() ? "postgresql" : options.module) << " prim --wait\n";
  }
  return begun;
}

}  // namespace

void add_setup_verbs(CLI::App& app, SetupCommand& command, std::string& verb) {
  add_init(app, command, verb);

  CLI::App* invite =
      add(app, verb, "invite", "On the first server: let machines join, with a token that is good once, for a while");
  invite->add_option("who", command.invite.places, "The second server's name, witness, or both (as when none is said)");
  add_invite_options(invite, command.invite);

  CLI::App* join = add(app, verb, "join", "On the second server: become a member, with a token of the first");
  join->add_option("token", command.join.token, "As \"init\" or \"invite\" printed it; - reads it from standard input")
      ->required();
  join->add_flag("--keys-only", command.join.keys_only, "A new key and certificate; the configuration stays");
  add_no_start(join, command.join.start);
  join->add_flag("--force", command.join.force, "Although this machine was set up before");

  add(app, verb, "renew", "On the first server: a new certificate, before the old one expires");
}

bool is_setup_verb(const std::string& verb) {
  return verb == "init" || verb == "invite" || verb == "join" || verb == "renew";
}

bool run_setup(SetupCommand command, const std::string& verb, const std::string& configuration,
               const std::string& node) {
  command.init.invite.configuration = configuration;
  command.invite.configuration = configuration;
  command.join.configuration = configuration;
  if (verb == "init") return set_up(command.init, node);
  if (verb == "invite") return run_invite(command.invite);
  if (verb == "join") {
    const bool starts = starts_service(configuration, command.join.start) && !command.join.keys_only;
    return run_join(command.join, Joining::server) && (!starts || begin(configuration, node));
  }
  return run_renew(configuration);
}

}  // namespace lockstep::prod
