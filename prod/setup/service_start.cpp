#include "prod/setup/service_start.h"

#include "prod/config/configuration.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace lockstep::prod {

namespace {

namespace fs = std::filesystem;

bool complain(const std::string& text) {
  std::cerr << "lockstep: " << text << "\n";
  return false;
}

/// An error as a sentence, or empty. What the command says goes where this program's words go.
std::string run(std::vector<std::string> words) {
  std::cout << std::flush;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (const int error = ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ); error != 0) {
    return words[0] + " cannot be run: " + std::strerror(error);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : words[0] + " has failed";
}

/// "/usr/lib/lockstep/postgresql start /srv/postgresql", as its words with the phase "setup"; empty if it is another's.
std::vector<std::string> set_up_command(const ModuleConfiguration& module) {
  if (module.runner) {
    return {application_scripts + std::string(to_string(module.runner->kind)), "setup", module.runner->name};
  }
  const std::string& start = module.commands[1];
  const std::size_t phase = start.find(" start ");
  if (!start.starts_with(application_scripts) || phase == std::string::npos) return {};
  return {start.substr(0, phase), "setup", start.substr(phase + std::strlen(" start "))};
}

}  // namespace

bool starts_service(const std::string& configuration, bool wanted) {
  return wanted && configuration == configuration_default;
}

bool prepare_modules(const std::string& configuration) {
  const LoadedConfiguration loaded = load_configuration(configuration, LoadScope::cluster_and_modules);
  for (const ConfigurationError& error : loaded.errors) complain(to_string(error));
  if (!loaded.errors.empty()) return false;
  for (const ModuleConfiguration& module : loaded.configuration.modules) {
    std::error_code error;
    if (fs::create_directories(module.directory, error)) {
      std::cout << "  " << module.directory << " was made, empty, for module " << module.name << "\n";
    }
    if (error) return complain(module.directory + " cannot be made: " + error.message());
    const std::vector<std::string> command = set_up_command(module);
    if (command.empty()) continue;
    if (const std::string failed = run(command); !failed.empty()) return complain(failed);
  }
  return true;
}

bool start_service(const std::string& unit) {
  if (const std::string failed = run({"systemctl", "enable", "--now", unit}); !failed.empty()) {
    return complain(failed + ": " + unit +
                    " was not started. Where the system has no systemd, start it as services are " +
                    "started there; otherwise \"systemctl status " + unit + "\" says why");
  }
  std::cout << unit << " runs, now and after every start of this machine.\n";
  return true;
}

}  // namespace lockstep::prod
