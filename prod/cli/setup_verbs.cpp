#include "prod/cli/setup_verbs.h"

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

void add_init(CLI::App& app, SetupCommand& command, std::string& verb) {
  CLI::App* init = add(app, verb, "init",
                       "Set up a new cluster, on its first server: configuration, keys, and tokens for the others");
  init->add_option("--name", command.init.name, "Of the cluster")->required();
  init->add_option("--node", command.init.nodes, "NAME=ADDRESS of each server, this one first")
      ->required()
      ->type_name("NAME=ADDRESS")
      ->allow_extra_args(false);
  init->add_option("--witness", command.init.witness, "ADDRESS or ADDRESS:PORT of the third machine")->required();
  init->add_option("--module", command.init.module, "A first module, with --directory");
  init->add_option("--directory", command.init.directory, "What it replicates");
  init->add_option("--port", command.init.module_port, "Of its link")->capture_default_str();
  init->add_flag("!--no-wait", command.init.wait, "Do not let the other machines join now");
  init->add_flag("--force", command.init.force, "Although a cluster was set up here before");
  add_invite_options(init, command.init.invite);
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
  join->add_flag("--force", command.join.force, "Although this machine was set up before");

  add(app, verb, "renew", "On the first server: a new certificate, before the old one expires");
}

bool is_setup_verb(const std::string& verb) {
  return verb == "init" || verb == "invite" || verb == "join" || verb == "renew";
}

bool run_setup(SetupCommand command, const std::string& verb, const std::string& configuration) {
  command.init.invite.configuration = configuration;
  command.invite.configuration = configuration;
  command.join.configuration = configuration;
  if (verb == "init") return run_init(command.init);
  if (verb == "invite") return run_invite(command.invite);
  if (verb == "join") return run_join(command.join, Joining::server);
  return run_renew(configuration);
}

}  // namespace lockstep::prod
