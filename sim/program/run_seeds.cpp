#include "sim/program/run_seeds.h"

#include "sim/availability/failures.h"
#include "sim/availability/unsynced.h"
#include "sim/program/availability_report.h"
#include "sim/program/progress.h"
#include "sim/program/report.h"
#include "sim/program/workers.h"
#include "sim/recording/simulate_and_replay.h"
#include "sim/simulate.h"

#include <algorithm>
#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace lockstep::sim {

namespace json = boost::json;

namespace {

const std::string several_failures = "several failures at once";

/// Violations quote what they found, which may be any bytes; JSON takes text only.
std::string readable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::uint64_t in_us(Time time) { return static_cast<std::uint64_t>(time / one_us); }

/// A run of one seed, and what it showed besides its result.
struct SeedRun {
  RunResult result;
  AvailabilityFigures availability;
};

SeedRun run_with_module(std::uint64_t seed, const RunOptions& options, const Attach& watch) {
  const engine::Settings& settings = options.module->settings;
  const FailureKind& failure = failure_of(seed);
  Scenario scenario = options.single_failures ? draw_incident(seed, settings) : draw_scenario(seed, options.choice);
  use_settings(scenario, settings);
  std::optional<Availability> availability;
  UnsyncedWrites unsynced;
  const auto attach = [&](World& world) {
    world.observers().add(availability.emplace(world));
    world.observers().add(unsynced);
    if (watch) watch(world);
  };
  SeedRun run;
  run.result = options.single_failures ? simulate(scenario, attach, incident(failure, [&] { availability->begin(); }))
                                       : simulate(scenario, attach);
  if (run.result.violation) return run;
  FailureFigures figures = figures_of(seed, availability->downtimes(), settings);
  figures.add_unsynced(unsynced);
  run.availability[options.single_failures ? std::string(failure.name) : several_failures] = std::move(figures);
  return run;
}

SeedRun run_seed(std::uint64_t seed, const RunOptions& options, const Attach& watch = {}) {
  if (options.module) return run_with_module(seed, options, watch);
  if (options.replay) return {simulate_and_replay(seed, options.choice), {}};
  return {simulate(draw_scenario(seed, options.choice), watch), {}};
}

Tally tally_of(std::uint64_t seed, const RunOptions& options) {
  Tally tally;
  if (options.coverage) tally.coverage.emplace();
  SeedRun run = run_seed(seed, options, [&](World& world) {
    if (tally.coverage) world.observers().add(*tally.coverage);
  });
  RunResult& result = run.result;
  if (options.twice && !result.violation) {
    const RunResult again = run_seed(seed, options).result;
    if (again.hash != result.hash) result.violation = Violation("determinism", "two runs of the same seed differ");
  }
  tally.seeds = 1;
  tally.events = result.events;
  tally.acknowledged = result.acknowledged;
  tally.simulated_us = in_us(result.simulated);
  tally.irrecoverable = result.irrecoverable ? 1 : 0;
  if (!result.not_reached.empty()) tally.not_reached[readable(result.not_reached)] = 1;
  tally.availability = std::move(run.availability);
  tally.add_hash(seed, result.hash);
  if (options.hashes) tally.hashes[seed] = result.hash;
  if (result.violation) {
    tally.add_failure({seed, tally.simulated_us, result.violation->invariant(), readable(result.violation->text())});
  }
  return tally;
}

Tally tally_without_result(std::uint64_t seed, const std::string& kind, const std::string& text) {
  Tally tally;
  tally.seeds = 1;
  tally.add_failure({seed, 0, kind, readable(text)});
  return tally;
}

/// In a worker: the tally of one seed as a line.
std::string line_of(std::uint64_t seed, const RunOptions& options) {
  try {
    return json::serialize(to_json(tally_of(seed, options)));
  } catch (const std::exception& error) {
    return json::serialize(to_json(tally_without_result(seed, "exception", error.what())));
  }
}

Tally tally_of(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::crashed: return tally_without_result(outcome.number, "crash", outcome.text);
    case Outcome::Kind::hung: return tally_without_result(outcome.number, "hang", outcome.text);
    case Outcome::Kind::finished: break;
  }
  return tally_from_json(json::parse(outcome.text).as_object());
}

Tally run_all(const RunOptions& options) {
  const SeedRange& range = options.seeds;
  const std::uint64_t of_range = range.last - range.first + 1;
  const std::uint64_t count = (of_range + options.shard.of - options.shard.number) / options.shard.of;
  std::optional<Progress> progress;
  if (options.progress) progress.emplace(count);
  Tally all;
  std::uint64_t dealt = 0;
  const auto next = [&]() -> std::optional<std::uint64_t> {
    if (dealt == count || (!options.keep_going && !all.clean())) return std::nullopt;
    return range.first + options.shard.number - 1 + dealt++ * options.shard.of;
  };
  const auto finished = [&](const Outcome& outcome) {
    const Tally one = tally_of(outcome);
    all.add(one);
    if (!progress) return;
    for (const Failure& failure : one.failures) progress->say(failure);
    progress->show(all);
  };
  const auto job = [&](std::uint64_t seed) { return line_of(seed, options); };
  work_off({next, job, finished}, {options.jobs, options.seed_max});
  return all;
}

json::object choice_json(const RunOptions& options) {
  json::object choice{{"profile", options.single_failures ? "single failures" : options.choice.profile},
                      {"durability", options.choice.durability.empty() ? "drawn" : options.choice.durability},
                      {"scenario", options.choice.scenario.empty() ? "none" : options.choice.scenario},
                      {"plants", json::array(options.plants.begin(), options.plants.end())},
                      {"twice", options.twice},
                      {"coverage", options.coverage}};
  if (options.module) {
    choice["module"] = options.module->name;
    choice["settings"] = to_json(options.module->settings);
  }
  return choice;
}

}  // namespace

int run_seeds(const RunOptions& options) {
  Report report;
  report.identity = {LOCKSTEP_VERSION, options.json ? program_id() : "", choice_json(options), options.seeds,
                     options.shard.of};
  report.present = {options.shard.number};
  const auto begin = std::chrono::steady_clock::now();
  report.tally = run_all(options);
  report.wall_seconds = std::max(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 1e-6);
  return print_report(report, options.json);
}

}  // namespace lockstep::sim
