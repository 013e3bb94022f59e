#include "sim/program/scenario_source.h"

#include "sim/scenario/scenario_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace lockstep::sim {

void ScenarioSource::declare(CLI::App& app) {
  CLI::Option* seed = app.add_option("SEED", seed_, "the seed to run");
  app.add_option("--scenario-file", file_, "in place of a seed: a scenario as shrink --out writes it")->excludes(seed);
  choice_.declare(app);
}

Scenario ScenarioSource::take() const {
  const Choice choice = choice_.take();
  if (seed_) return draw_scenario(*seed_, choice);
  if (file_.empty()) throw UsageError("which run? Name a SEED, or a --scenario-file");
  try {
    return scenario_from_toml(read_whole_file(file_));
  } catch (const ScenarioError& error) {
    throw UsageError(file_ + ", " + error.what());
  }
}

std::string ScenarioSource::name() const { return seed_ ? "seed " + std::to_string(*seed_) : file_; }

std::string read_whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError("cannot read " + path + ": " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_whole_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw UsageError("cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace lockstep::sim
