// lockstep: the command line tool for the modules of this server.
#include "prod/cli/command_tree.h"
#include "prod/cli/commands.h"
#include "prod/cli/completion.h"
#include "prod/cli/setup_verbs.h"
#include "prod/cli/token_verbs.h"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

namespace {

using namespace lockstep::prod;

/// Without a number: longer than any phase usually takes.
constexpr double wait_seconds_default = 600;

constexpr const char* footer =
    "Exit status: 0 done, 1 refused or failed (the text says why), 2 wrong usage or not available,\n"
    "3 the daemon cannot be reached. `status --exit-code` also: 4 not protected, 5 neither serving nor standing by.\n\n"
    "Examples:\n"
    "  lockstep status                    all modules here: serving or not, protected or not, why, and what to do\n"
    "  lockstep -m data log --follow      what happens to the module, as it happens\n"
    "  lockstep -m data status            what the module does here, why, and the next safe step\n"
    "  lockstep -m data prim              first start: this node has the good data\n"
    "  lockstep -m data swap --wait       exchange the roles of the two servers, and wait until it is done\n"
    "  lockstep -m data verify --wait     compare both servers' data, and say what differs\n"
    "  lockstep check                     explain everything that would keep the daemon from starting\n"
    "  lockstep reload                    the running daemon takes what was changed in the configuration\n"
    "  lockstep init --name office --node s1=10.0.1.1 --node s2=10.0.1.2 --witness 10.0.0.3 \\\n"
    "      --postgresql /srv/postgresql   set up a new cluster that runs PostgreSQL, on s1";

struct VerbHelp {
  const char* verb;
  const char* help;
};

CLI::App* add_verb(CLI::App& app, CommandLine& line, const VerbHelp& help) {
  CLI::App* verb = app.add_subcommand(help.verb, help.help);
  verb->callback([&line, name = std::string(help.verb)] { line.request.verb = name; });
  return verb;
}

void add_wait(CLI::App* verb, CommandLine& line) {
  verb->add_option_function<double>(
          "--wait", [&line](double seconds) { line.wait_seconds = seconds; },
          "Wait until the role is reached, at most so many seconds (600); on a terminal a bar shows a resync's "
          "progress")
      ->expected(0, 1)
      ->default_str(std::to_string(static_cast<int>(wait_seconds_default)))
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
}

void add_conflicts(CLI::App& app, CommandLine& line) {
  CLI::App* conflicts = add_verb(
      app, line,
      {"conflicts", "What this server alone had when the other was forced to be the primary: kept aside here"});
  conflicts->add_flag("--json", line.json, "For scripts");
  conflicts->require_subcommand(0, 1);

  CLI::App* restore = conflicts->add_subcommand("restore", "Copy it into a directory; overwrites nothing");
  restore->add_option("path", line.conflicts.path, "As listed; of a directory also what it held. Or the key")
      ->required();
  restore->add_option("--to", line.conflicts.to, "The directory, which must exist")->required()->type_name("DIR");
  restore->callback([&line] { line.conflicts.action = ConflictsAction::restore; });

  CLI::App* drop = conflicts->add_subcommand("drop", "Give it up, for the space that it takes");
  CLI::Option* path = drop->add_option("path", line.conflicts.path, "As listed, or the key");
  CLI::Option* all = drop->add_flag("--all", line.conflicts.all, "Everything that is kept here");
  path->excludes(all);
  drop->callback([&line] {
    line.conflicts.action = ConflictsAction::drop;
    if (line.conflicts.path.empty() && !line.conflicts.all) throw CLI::RequiredError("PATH or --all");
  });
}

void add_verify(CLI::App& app, CommandLine& line) {
  CLI::App* verify = add_verb(
      app, line,
      {"verify", "On the primary: compare both servers' data, every byte and name, while the application runs"});
  verify
      ->add_option_function<double>(
          "--wait", [&line](double seconds) { line.wait_seconds = seconds; },
          "Wait until it has ended, at most so many seconds (600); exit status 1 where anything differs or was not "
          "compared")
      ->expected(0, 1)
      ->default_str(std::to_string(static_cast<int>(wait_seconds_default)))
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
  verify->add_flag("--json", line.json, "How far it is and what differs, for scripts");
  verify->add_flag("--repair", line.request.repair,
                   "Bring what is known to differ on the other server to what this one has, and compare it again");
  verify->add_flag("--cancel", line.request.cancel, "End the one that runs; what it has found stays listed");
}

void add_top(CLI::App& app, CommandLine& line) {
  CLI::App* top = add_verb(app, line, {"top", "All modules live: requests, latency, lag, resync; q leaves"});
  top->add_option_function<double>(
         "--interval", [&line](double seconds) { line.interval = std::chrono::duration<double>(seconds); },
         "Seconds from table to table (1)")
      ->check(CLI::Range(0.1, 3600.0))
      ->type_name("SECONDS");
  top->add_option("-n,--count", line.count, "End after so many tables")->check(CLI::PositiveNumber);
}

void add_log(CLI::App& app, CommandLine& line) {
  constexpr int lines_max = 100'000;
  CLI::App* log = add_verb(app, line, {"log", "What happened to the module on this server, in plain words"});
  log->add_option("-n,--lines", line.request.lines, "How many of the newest events (50)")
      ->check(CLI::Range(1, lines_max));
  CLI::Option* json = log->add_flag("--json", line.json, "A JSON object a line, for scripts");
  CLI::Option* follow = log->add_flag("--follow", line.follow, "Go on with what happens, until Ctrl-C");
  log->add_flag("--messages", line.messages, "The last log lines instead, as the running daemon remembers them")
      ->excludes(json)
      ->excludes(follow);
}

void add_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* status = add_verb(
      app, line, {"status", "Role, protection, why it is so, and the next safe step; without -m of all modules"});
  status->add_flag("--json", line.json, "For scripts");
  status->add_flag("--exit-code", line.exit_code,
                   "Exit status 4 where a module is not protected, 5 where one neither serves here nor stands by");
  add_top(app, line);

  add_wait(add_verb(app, line, {"start", "Leave STOP and take the best role that is possible"}), line);
  add_wait(add_verb(app, line, {"stop", "Stop here; the other server goes on, or takes over"}), line);
  add_wait(add_verb(app, line, {"swap", "Exchange the roles of the two servers; no write is lost"}), line);

  CLI::App* prim = add_verb(app, line, {"prim", "Become the primary: the first start, on the node with the good data"});
  prim->add_flag("--force", line.request.force, "Although newer data may be elsewhere; that is then set aside");
  add_wait(prim, line);

  CLI::App* second = add_verb(app, line, {"second", "Become the secondary, never the first to go"});
  second->add_flag("--full", line.request.full, "Compare every byte again");
  add_wait(second, line);

  add_verb(app, line, {"restart", "Restart the application where it runs; the roles stay"});
  add_verb(app, line, {"wait-role", "Give up the present role and wait"});
  add_verify(app, line);
  add_wait(add_verb(app, line, {"resync", "On a secondary: compare every byte with the primary and copy what differs"}),
           line);
  add_conflicts(app, line);

  add_log(app, line);

  CLI::App* set = add_verb(app, line, {"set", "Change a setting of the running daemon: set log-level debug"});
  set->add_option("key", line.request.key, "log-level")->required();
  set->add_option("value", line.request.value, "debug, info, warning or error")->required();

  add_verb(app, line,
           {"reload",
            "Let the running daemon take a changed configuration: what can change without a stop, or nothing, "
            "with what needs a restart"});

  CLI::App* completion = add_verb(app, line, {"completion", "Print a script that makes a shell complete this command"});
  completion->add_option("shell", line.shell, "Whose")->required()->check(CLI::IsMember({"bash", "fish", "zsh"}));

  CLI::App* check =
      add_verb(app, line, {"check", "Validate configuration, keys, ports and directories; starts and changes nothing"});
  check->add_flag("--all-nodes", line.all_nodes,
                  "Also whether the other machines are there, and have the same configuration, version and time");
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  SetupCommand setup;
  TokenCommand token;
  CLI::App app("Controls Lockstep's modules on this server.", "lockstep");
  app.footer(footer);
  app.set_help_all_flag("--help-all", "Print this, and the help of every command");
  app.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  app.add_option("--config", line.configuration, "Directory with cluster.toml and modules/")
      ->capture_default_str()
      ->type_name("DIR");
  app.add_option("--node", line.node, "Which [[node]] this server is; by default the one with the host's name");
  app.add_option("-m,--module", line.request.module, "The module")->type_name("MODULE");
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_verbs(app, line);
  add_setup_verbs(app, setup, line.request.verb);
  add_token_verb(app, token, line.request.verb);
  // Asked by the scripts, with what was typed so far, which need not be a command line yet.
  if (argc >= 3 && std::string(argv[1]) == "completion" && std::string(argv[2]) == "words") {
    for (const auto& [word, help] : complete(command_tree(app), {argv + 3, argv + argc}, line.configuration)) {
      std::cout << word << (help.empty() ? "" : "\t" + help) << "\n";
    }
    return exit_done;
  }
  try {
    app.parse(argc, argv);
    if (line.request.verb.empty()) throw CLI::RequiredError("A verb (see --help)");
    if (line.request.verb == "check") return run_check(line);
    if (line.request.verb == "completion") {
      std::cout << completion_script(line.shell);
      return exit_done;
    }
    if (is_setup_verb(line.request.verb)) {
      return run_setup(setup, line.request.verb, line.configuration, line.node) ? exit_done : exit_refused;
    }
    if (line.request.verb == "token") return run_token(token, line.configuration) ? exit_done : exit_refused;
    const bool of_all = line.request.verb == "status" || line.request.verb == "top" || line.request.verb == "reload";
    if (line.request.module.empty() && !of_all) throw CLI::RequiredError("-m MODULE");
    if (!line.request.module.empty() && line.request.verb == "reload") {
      throw CLI::ValidationError("reload", "it is for all modules together: leave out -m");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  return run_command(line);
}
