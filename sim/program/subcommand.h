// The parts of the command line, one file each.
#pragma once

#include "sim/program/exit.h"
#include "sim/scenario/scenario.h"

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lockstep::sim {

/// A subcommand and what it does when it was chosen. `action` returns the exit status.
struct Subcommand {
  CLI::App* app;
  std::function<int()> action;
};

Subcommand add_run(CLI::App& app);
Subcommand add_merge(CLI::App& app);
Subcommand add_replay(CLI::App& app);
Subcommand add_shrink(CLI::App& app);
Subcommand add_explore(CLI::App& app);
Subcommand add_plants(CLI::App& app);
Subcommand add_profiles(CLI::App& app);
Subcommand add_scenarios(CLI::App& app);

/// Options of every subcommand that runs seeds: --profile, --scenario, --durability, --plant.
class ChoiceOptions {
 public:
  void declare(CLI::App& app);
  /// The choice; switches the planted bugs on. Throws UsageError.
  [[nodiscard]] Choice take() const;
  [[nodiscard]] bool planted() const { return !plants_.empty(); }
  /// " --plant BUG" for each of them.
  [[nodiscard]] std::string plant_options() const;
  [[nodiscard]] const std::vector<std::string>& plants() const { return plants_; }

 private:
  Choice choice_;
  std::vector<std::string> plants_;
};

}  // namespace lockstep::sim
