// A run of the simulator as a text file, which people change by hand.
#include "sim/scenario/scenario_file.h"

#include "engine/values/check.h"
#include "props/fuzz/targets.h"
#include "sim/scenario/words.h"

namespace lockstep::fuzz {

namespace {

std::optional<sim::Scenario> read(std::string_view text) {
  try {
    return sim::scenario_from_toml(text);
  } catch (const sim::ScenarioError& error) {
    LOCKSTEP_CHECK(std::string_view(error.what()).starts_with("line "), "a mistake has its place in the file");
    return std::nullopt;
  }
}

bool accepts(const Buffer& input) {
  const auto scenario = read(input.text());
  if (!scenario) return false;
  const std::string once = sim::scenario_to_toml(*scenario);
  const auto again = read(once);
  LOCKSTEP_CHECK(again && sim::scenario_to_toml(*again) == once, "a scenario comes back");
  LOCKSTEP_CHECK(!sim::in_words(*scenario).empty(), "a scenario can be told in words");
  return true;
}

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  for (const std::uint64_t seed : {1, 2, 3}) {
    sim::Scenario scenario = sim::draw_scenario(seed, {});
    if (scenario.faults.size() > 3) scenario.faults.resize(3);
    scenario.left_out = {sim::Turns{0, 1, 2}};
    all.push_back(Buffer::copy_of(sim::scenario_to_toml(scenario)));
  }
  sim::Choice named;
  named.scenario = "F6";
  all.push_back(Buffer::copy_of(sim::scenario_to_toml(sim::draw_scenario(4, named))));
  return all;
}

}  // namespace

const Target scenario_file{"scenario_file", accepts, seeds, 2048, 7'500};

}  // namespace lockstep::fuzz
