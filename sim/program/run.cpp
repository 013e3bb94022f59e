// lockstep-sim run: many seeds.
#include "sim/availability/failures.h"
#include "sim/program/run_seeds.h"
#include "sim/program/subcommand.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/named/named.h"
#include "sim/scenario/words.h"

#include <algorithm>
#include <memory>

namespace lockstep::sim {

namespace {

/// A seed takes some milliseconds, with sanitizers and on a busy machine some hundred.
constexpr unsigned seed_seconds_max = 300;
/// Enough that the rarer failures come some dozens of times; a minute or two of work.
constexpr std::uint64_t years_default = 100;
constexpr std::uint64_t years_max = 1'000'000;

struct RunArguments {
  ChoiceOptions choice;
  std::string seeds;
  std::string shard = "1/1";
  unsigned seed_seconds = seed_seconds_max;
  std::string config;
  std::string module;
  std::uint64_t years = years_default;
  RunOptions run;
};

/// So many failures, one a seed, as the years bring.
void parse_years(const RunArguments& options, SeedRange& seeds) {
  seeds = {1, std::max<std::uint64_t>(options.years * failures_per_thousand_years() / 1000, 1)};
}

std::string seeds_of(const RunArguments& options, const Choice& choice) {
  if (!options.seeds.empty()) return options.seeds;
  const NamedScenario* named = find_named(choice.scenario);
  return "1.." + std::to_string(named != nullptr ? named->seeds : 100);
}

int run(const CLI::App& command, RunArguments& options) {
  RunOptions& run = options.run;
  run.shard = parse_shard(options.shard);
  run.seed_max = std::chrono::seconds(options.seed_seconds);
  run.choice = options.choice.take();
  run.seeds = parse_seeds(seeds_of(options, run.choice));
  run.plants = options.choice.plants();
  run.keep_going = !options.choice.planted();  // one seed shows that a planted bug is seen
  if (options.config.empty()) return run_seeds(run);
  run.module = load_module_of(options.config, options.module);
  if (const auto durability = named<engine::Durability>(run.choice.durability))
    run.module->settings.durability = *durability;
  run.single_failures = command.count("--profile") == 0;
  if (run.single_failures && command.count("--seeds") == 0) parse_years(options, run.seeds);
  return run_seeds(run);
}

}  // namespace

Subcommand add_run(CLI::App& app) {
  auto options = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "run seeds and check every invariant");
  CLI::Option* seeds =
      command->add_option("--seeds", options->seeds, "A..B, or one seed; else 1..100, or those of the named scenario");
  command
      ->add_option("--shard", options->shard, "K/N: only the Kth of N equal parts of the seeds; 'merge' adds them up")
      ->capture_default_str();
  command->add_option("--jobs", options->run.jobs, "processes")->check(CLI::Range(1U, 256U));
  command
      ->add_option("--seed-seconds-max", options->seed_seconds,
                   "real time that one seed may take; it is reported as a hang then; 0: no limit")
      ->capture_default_str();
  command->add_flag("--json", options->run.json, "print the report as JSON");
  command->add_flag("--hashes", options->run.hashes, "the hash of each seed's run, in the report");
  command->add_flag("--twice", options->run.twice, "run each seed twice and compare the hashes");
  command->add_flag("--coverage", options->run.coverage, "every mark and row of the role table must be reached");
  command->add_flag("--replay", options->run.replay,
                    "record every engine, replay the recordings, compare the decisions");
  command->add_flag("--progress", options->run.progress, "say on stderr how far it is");
  options->choice.declare(*command);
  CLI::Option* config = command->add_option("--config", options->config,
                                            "a configuration directory as lockstepd has it (/etc/lockstep): how long "
                                            "is its module down, and why? One failure "
                                            "a run, or with --profile the faults of that profile");
  command->add_option("--module", options->module, "which module, if there are several")->needs(config);
  command->add_option("--years", options->years, "with --config: as many failures as so many years bring")
      ->needs(config)
      ->excludes(seeds)
      ->check(CLI::Range(std::uint64_t{1}, years_max))
      ->capture_default_str();
  return {command, [options, command] { return run(*command, *options); }};
}

}  // namespace lockstep::sim
