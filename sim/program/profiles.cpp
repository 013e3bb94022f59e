// lockstep-sim profiles: which kinds of faults there are, and which of them each profile has.
#include "sim/faults/kinds.h"
#include "sim/program/subcommand.h"

#include <cstdio>

namespace lockstep::sim {

namespace {

int print_profiles() {
  std::printf("%-12s every kind, each in some of the runs\n%-12s none\n", "all", "calm");
  std::string_view last;
  for (const Kind& kind : fault_kinds()) {
    const std::string_view profile = kind.profile == last ? "" : kind.profile;
    last = kind.profile;
    std::printf("%-12s %s: %s (in %u%% of \"all\")\n", std::string(profile).c_str(), std::string(kind.name).c_str(),
                std::string(kind.range).c_str(), kind.percent);
  }
  return exit_clean;
}

}  // namespace

Subcommand add_profiles(CLI::App& app) {
  return {app.add_subcommand("profiles", "list the profiles and their kinds of faults"), print_profiles};
}

}  // namespace lockstep::sim
