// lockstep-sim scenarios: those that have a name, with the seeds that a test runs and a planted bug that they find.
#include "sim/program/subcommand.h"
#include "sim/scenario/named/named.h"

#include <cstdio>

namespace lockstep::sim {

namespace {

int print_scenarios() {
  for (const NamedScenario* each : named_scenarios()) {
    std::printf("%-4s seeds 1..%-4llu finds %-26s %s\n", std::string(each->name).c_str(),
                static_cast<unsigned long long>(each->seeds), std::string(each->finds).c_str(),
                std::string(each->title).c_str());
  }
  return exit_clean;
}

}  // namespace

Subcommand add_scenarios(CLI::App& app) {
  return {app.add_subcommand("scenarios", "list the named scenarios"), print_scenarios};
}

}  // namespace lockstep::sim
