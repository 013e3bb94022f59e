#include "prod/cli/commands.h"

#include "prod/cli/check.h"
#include "prod/cli/check_nodes.h"
#include "prod/cli/conflicts.h"
#include "prod/cli/control_client.h"
#include "prod/cli/render_status.h"
#include "prod/cli/show_log.h"
#include "prod/cli/show_status.h"
#include "prod/cli/top.h"
#include "prod/config/configuration.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <pwd.h>
#include <thread>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::prod {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll_interval{100};

std::string this_host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

/// Who gives a command, as far as that is known: root may be whoever became root.
std::string this_user() {
  const char* before = std::getenv("SUDO_USER");
  if (before != nullptr && *before != '\0') return before;
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? std::string(user->pw_name) : std::to_string(::getuid());
}

ExitCode complain(const std::vector<ConfigurationError>& errors) {
  for (const ConfigurationError& error : errors) std::cerr << to_string(error) << "\n";
  return exit_usage;
}

struct Role {
  std::string name;
  bool ready = false;
  std::string resync;  ///< how far it has come, while there is one
};

std::optional<Role> role_of(const boost::json::object& status) {
  const auto* role = status.if_contains("role");
  const auto* ready = status.if_contains("ready");
  if (role == nullptr || !role->is_string() || ready == nullptr || !ready->is_bool()) return std::nullopt;
  return Role{std::string(role->as_string().data(), role->as_string().size()), ready->as_bool(), render_resync(status)};
}

std::optional<Role> ask_role(const std::string& socket, const std::string& module) {
  ControlRequest request;
  request.module = module;
  request.verb = "status";
  const auto result = ask_daemon(socket, request);
  const auto* answer = std::get_if<ControlAnswer>(&result);
  return answer == nullptr ? std::nullopt : role_of(answer->status);
}

bool serving(const std::string& role) { return role == "PRIM" || role == "ALONE"; }

bool reached(const std::string& verb, const Role& before, const Role& now) {
  if (verb == "stop") return now.name == "STOP";
  if (!now.ready) return false;
  if (verb == "prim") return serving(now.name);
  if (verb == "second" || verb == "resync") return now.name == "SECOND";
  if (verb == "swap") return serving(before.name) ? now.name == "SECOND" : serving(now.name);
  return serving(now.name) || now.name == "SECOND";
}

/// On a terminal: one line, written over and over.
void show_progress(const std::string& resync, std::string& shown) {
  if (::isatty(STDERR_FILENO) == 0 || resync == shown) return;
  std::cerr << "\r\033[K" << resync << std::flush;
  shown = resync;
}

ExitCode wait_for_role(const std::string& socket, const CommandLine& line, const Role& before) {
  const auto deadline = steady_clock::now() + std::chrono::duration<double>(*line.wait_seconds);
  std::optional<Role> now;
  std::string shown;
  do {
    now = ask_role(socket, line.request.module);
    show_progress(now ? now->resync : "", shown);
    if (now && reached(line.request.verb, before, *now)) {
      show_progress("", shown);
      std::cout << "now " << now->name << "\n";
      return exit_done;
    }
    std::this_thread::sleep_for(poll_interval);
  } while (steady_clock::now() < deadline);
  show_progress("", shown);
  return complain(exit_refused, "after " + std::to_string(static_cast<int>(*line.wait_seconds)) + " s the module is " +
                                    (now ? now->name + (now->ready ? "" : ", not ready") : "not answering") +
                                    ": \"status\" says why");
}

std::optional<boost::json::object> ask_verify(const std::string& socket, const std::string& module) {
  ControlRequest request;
  request.module = module;
  request.verb = "status";
  const auto result = ask_daemon(socket, request);
  const auto* answer = std::get_if<ControlAnswer>(&result);
  const auto* verify = answer == nullptr ? nullptr : answer->status.if_contains("verify");
  return verify != nullptr && verify->is_object() ? std::optional(verify->as_object()) : std::nullopt;
}

/// With --wait when it has ended. Exit status 1 where anything is known to differ, or not all was compared.
ExitCode report_verify(const std::string& socket, const CommandLine& line) {
  const auto deadline = steady_clock::now() + std::chrono::duration<double>(line.wait_seconds.value_or(0));
  std::optional<boost::json::object> verify = ask_verify(socket, line.request.module);
  const auto running = [&] { return verify && verify->contains("running") && verify->at("running") == true; };
  while (line.wait_seconds && running() && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(poll_interval);
    verify = ask_verify(socket, line.request.module);
  }
  if (!verify) return complain(exit_unreachable, "the daemon does not say how far the verify is");
  std::cout << (line.json ? boost::json::serialize(*verify) : render_verify(*verify)) << "\n";
  if (line.wait_seconds && running()) {
    return complain(exit_refused, "after " + std::to_string(static_cast<int>(*line.wait_seconds)) +
                                      " s the verify still runs: \"status\" says how far it is");
  }
  const auto* found = verify->if_contains("mismatches");
  const bool clean = found != nullptr && found->is_number() && found->to_number<std::uint64_t>() == 0;
  const auto* ended = verify->if_contains("last_ended_seconds_ago");
  const auto* complete = verify->if_contains("complete");
  const bool cut_short = ended != nullptr && !ended->is_null() && complete != nullptr && *complete == false;
  return running() || (clean && !cut_short) ? exit_done : exit_refused;
}

ExitCode print_answer(const CommandLine& line, const ControlAnswer& answer) {
  if (answer.outcome != Outcome::done) {
    return complain(answer.outcome == Outcome::refused ? exit_refused : exit_usage, answer.text);
  }
  if (line.request.verb == "log") {
    std::cout << answer.text;
  } else if (!answer.text.empty() && !line.json) {
    std::cout << answer.text << "\n";
  }
  return exit_done;
}

}  // namespace

ExitCode complain(ExitCode code, const std::string& text) {
  std::cerr << "lockstep: " << text << "\n";
  return code;
}

ExitCode run_command(CommandLine line) {
  // Mistakes in module files must not keep an administrator from a running daemon.
  const LoadedConfiguration loaded = load_configuration(line.configuration, LoadScope::cluster_only);
  const std::string& run_directory = loaded.configuration.cluster.run_directory;
  // A reload is answered by the daemon, which says so in its log too; but where it listens is not guessed.
  const bool goes_on = line.request.verb == "reload" && !run_directory.empty();
  if (!loaded.errors.empty() && !goes_on) return complain(loaded.errors);
  const std::string socket = run_directory + "/" + control_socket_name;

  line.request.by = this_user();
  if (line.request.verb == "conflicts") return run_conflicts(socket, line);
  if (line.request.verb == "status") return show_status(socket, line);
  if (line.request.verb == "top") return show_top(socket, line);
  if (line.request.verb == "log" && !line.messages) {
    return show_log(loaded.configuration.cluster.state_directory, line);
  }

  Role before;
  if (line.wait_seconds) {
    if (const auto role = ask_role(socket, line.request.module)) before = *role;
  }
  const auto result = ask_daemon(socket, line.request);
  if (const auto* error = std::get_if<std::string>(&result)) return complain(exit_unreachable, *error);
  const ExitCode code = print_answer(line, std::get<ControlAnswer>(result));
  if (code == exit_done && line.request.verb == "verify" && (line.wait_seconds || line.json)) {
    return report_verify(socket, line);
  }
  if (code != exit_done || !line.wait_seconds) return code;
  return wait_for_role(socket, line, before);
}

ExitCode run_check(const CommandLine& line) {
  const LoadedConfiguration loaded = load_configuration(line.configuration, LoadScope::cluster_and_modules);
  if (!loaded.errors.empty()) {
    for (const ConfigurationError& error : loaded.errors) std::cout << to_string(error) << "\n";
    return exit_refused;
  }
  const ChosenNode chosen = choose_node(loaded.configuration.cluster, line.node, this_host());
  if (!chosen.node) {
    std::cout << chosen.error << "\n";
    return exit_refused;
  }
  MachineCheck machine = check_machine(line.configuration, loaded.configuration, *chosen.node);
  if (line.all_nodes) {
    MachineCheck others = check_other_nodes(line.configuration, loaded.configuration.cluster, *chosen.node);
    std::move(others.problems.begin(), others.problems.end(), std::back_inserter(machine.problems));
    std::move(others.warnings.begin(), others.warnings.end(), std::back_inserter(machine.warnings));
  }
  for (const std::string& problem : machine.problems) std::cout << problem << "\n";
  for (const std::string& warning : machine.warnings) std::cout << "note: " << warning << "\n";
  if (!machine.problems.empty()) return exit_refused;
  std::cout << line.configuration << " is in order: node " << loaded.configuration.cluster.node(*chosen.node).name
            << " of cluster " << loaded.configuration.cluster.name << ", modules";
  for (const ModuleConfiguration& module : loaded.configuration.modules) std::cout << " " << module.name;
  std::cout << (line.all_nodes ? "; the other machines have the same" : "") << "\n";
  return exit_done;
}

}  // namespace lockstep::prod
