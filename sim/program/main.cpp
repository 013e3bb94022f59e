// lockstep-sim: runs the engine through seeded disasters and checks the invariants.
// Exit status: 0 clean, 1 an invariant was broken (its ID and the seed are named), 2 usage.
#include "engine/planted.h"
#include "sim/planted/planted.h"
#include "sim/program/run_seeds.h"
#include "sim/simulate.h"

#include <cstdio>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

namespace lockstep::sim {
namespace {

constexpr int usage_error = 2;

bool parse_seeds(const std::string& text, RunOptions& options) {
  const std::size_t dots = text.find("..");
  try {
    std::size_t used = 0;
    options.first_seed = std::stoull(text, &used);
    options.last_seed = options.first_seed;
    if (dots == std::string::npos) return used == text.size();
    if (used != dots) return false;
    const std::string last = text.substr(dots + 2);
    options.last_seed = std::stoull(last, &used);
    return used == last.size() && options.last_seed >= options.first_seed;
  } catch (const std::exception&) {
    return false;
  }
}

int print_plants() {
  for (const auto& info : engine::planted_bugs) {
    std::printf("%-34s engine: %s\n", std::string(info.name).c_str(), std::string(info.what).c_str());
  }
  for (const SimBugInfo& info : sim_bugs) {
    std::printf("%-34s world: %s\n", std::string(info.name).c_str(), std::string(info.what).c_str());
  }
  return 0;
}

int replay(std::uint64_t seed, const Choice& choice, bool verbose) {
  const RunResult result = simulate(seed, choice, verbose ? &std::cout : nullptr);
  std::cout.flush();
  std::printf("seed %llu, %llu events, %llu acknowledged, %.3f simulated seconds, hash %016llx\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.acknowledged),
              static_cast<double>(result.simulated) / static_cast<double>(one_second),
              static_cast<unsigned long long>(result.hash));
  if (!result.violation) return 0;
  std::printf("seed %llu breaks %s: %s\n", static_cast<unsigned long long>(seed), result.violation->invariant().c_str(),
              result.violation->text().c_str());
  return 1;
}

int not_available() {
  std::fprintf(stderr, "not available in this version\n");
  return usage_error;
}

int main_with(int argc, char** argv) {
  CLI::App app("Runs the Lockstep engine through seeded disasters and checks its invariants");
  app.require_subcommand(1);
  RunOptions options;
  std::string seeds = "1..100";
  std::vector<std::string> plants;
  std::string timeline;
  std::uint64_t seed = 0;
  std::uint64_t depth = 0;
  bool verbose = false;

  CLI::App* run = app.add_subcommand("run", "run seeds and check every invariant");
  run->add_option("--seeds", seeds, "A..B, or one seed")->capture_default_str();
  run->add_option("--jobs", options.jobs, "processes")->check(CLI::Range(1U, 256U));
  run->add_flag("--json", options.json, "print the summary as JSON");
  run->add_flag("--twice", options.twice, "run each seed twice and compare the hashes");
  CLI::App* replay_one = app.add_subcommand("replay", "run one seed again");
  replay_one->add_option("SEED", seed)->required();
  replay_one->add_flag("--verbose", verbose, "print the event log");
  replay_one->add_option("--timeline", timeline, "write a timeline as HTML");
  for (CLI::App* command : {run, replay_one}) {
    command->add_option("--plant", plants, "switch a planted bug on");
    command->add_option("--profile", options.choice.profile, "all, calm, network, crash, power, pause or commands");
    command->add_option("--durability", options.choice.durability,
                        "commit, replicated or durable; else each seed's own");
  }
  CLI::App* list = app.add_subcommand("plants", "list the planted bugs");
  CLI::App* shrink = app.add_subcommand("shrink", "find a smaller run that fails in the same way");
  shrink->add_option("SEED", seed);
  CLI::App* explore = app.add_subcommand("explore", "try every order up to a depth");
  explore->add_option("--depth", depth);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return usage_error;
  }
  if (list->parsed()) return print_plants();
  if (shrink->parsed() || explore->parsed() || !timeline.empty()) return not_available();
  if (!valid(options.choice)) {
    std::fprintf(stderr, "no such profile or durability; --help names them\n");
    return usage_error;
  }
  for (const std::string& name : plants) {
    if (plant_by_name(name)) continue;
    std::fprintf(stderr, "no planted bug is named '%s'; 'plants' lists them\n", name.c_str());
    return usage_error;
  }
  if (replay_one->parsed()) return replay(seed, options.choice, verbose);
  if (!parse_seeds(seeds, options)) {
    std::fprintf(stderr, "--seeds wants A..B with A <= B\n");
    return usage_error;
  }
  options.keep_going = plants.empty();  // one seed shows that a planted bug is seen
  return run_seeds(options);
}

}  // namespace
}  // namespace lockstep::sim

int main(int argc, char** argv) { return lockstep::sim::main_with(argc, argv); }
