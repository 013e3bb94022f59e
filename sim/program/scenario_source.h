// Which scenario a subcommand is about: that of a seed, or one from a file.
#pragma once

#include "sim/program/subcommand.h"

#include <optional>

namespace lockstep::sim {

class ScenarioSource {
 public:
  /// SEED, --scenario-file, and the options of a choice.
  void declare(CLI::App& app);
  /// Switches planted bugs on. Throws UsageError.
  [[nodiscard]] Scenario take() const;
  /// "seed 7", or the name of the file.
  [[nodiscard]] std::string name() const;
  /// The options without which the run would not be the same: " --plant BUG".
  [[nodiscard]] std::string plant_options() const { return choice_.plant_options(); }

 private:
  ChoiceOptions choice_;
  std::optional<std::uint64_t> seed_;
  std::string file_;
};

/// Throws UsageError.
std::string read_whole_file(const std::string& path);
void write_whole_file(const std::string& path, const std::string& text);

}  // namespace lockstep::sim
