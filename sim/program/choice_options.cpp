#include "sim/faults/kinds.h"
#include "sim/planted/planted.h"
#include "sim/program/subcommand.h"
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

void ChoiceOptions::declare(CLI::App& app) {
  app.add_option("--plant", plants_, "switch a planted bug on; 'plants' lists them");
  app.add_option("--profile", choice_.profile, "which kinds of faults: " + profile_names())->capture_default_str();
  app.add_option("--scenario", choice_.scenario, "a named scenario instead of faults; 'scenarios' lists them");
  app.add_option("--durability", choice_.durability, "commit, replicated or durable; else each seed's own");
}

Choice ChoiceOptions::take() const {
  if (!choice_.scenario.empty() && find_named(choice_.scenario) == nullptr) {
    throw UsageError("no scenario is named '" + choice_.scenario + "'; 'scenarios' lists them");
  }
  if (!valid(choice_)) {
    throw UsageError("no profile is named '" + choice_.profile + "', or no durability '" + choice_.durability +
                     "'; --help names them");
  }
  for (const std::string& name : plants_) {
    if (!plant_by_name(name)) throw UsageError("no planted bug is named '" + name + "'; 'plants' lists them");
  }
  return choice_;
}

std::string ChoiceOptions::plant_options() const {
  std::string options;
  for (const std::string& name : plants_) options += " --plant " + name;
  return options;
}

}  // namespace lockstep::sim
