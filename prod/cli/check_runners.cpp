#include "prod/cli/check_runners.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <sys/wait.h>

namespace lockstep::prod {

namespace {

/// Longer than any of them takes that answers at all.
constexpr const char* time_limit = "timeout 20 ";

struct Said {
  int status = 0;  ///< of the shell
  std::string output;
};

Said ask(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return {-1, std::strerror(errno)};
  Said said;
  std::array<char, 4096> chunk;
  std::size_t got = 0;
  while ((got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0) said.output.append(chunk.data(), got);
  said.status = ::pclose(pipe);
  return said;
}

}  // namespace

void check_runners(const ConfigurationFiles& files, const std::function<Serving(const std::string& module)>& serves,
                   const std::string& scripts, MachineCheck& check) {
  for (const ModuleConfiguration& module : files.modules) {
    if (!module.runner) continue;
    const std::string where = to_string(
        ConfigurationError{"modules/" + module.name + ".toml", module.runner->line, module.runner->column, {}});
    const Said found = ask(time_limit + runner_command(*module.runner, "look", scripts) +
                           (serves(module.name) == Serving::no ? " idle" : " serves"));
    std::istringstream lines(found.output);
    bool any = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      any = true;
      check.problems.push_back(where + line);
    }
    if (found.status == 0 || any) continue;
    check.problems.push_back(where + std::string(to_string(module.runner->kind)) + " \"" + module.runner->name +
                             "\" cannot be asked about within 20 s: \"" +
                             runner_command(*module.runner, "check", scripts) + "\" may say why");
  }
}

}  // namespace lockstep::prod
