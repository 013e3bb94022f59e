// lockstep-sim shrink: a smaller run that fails in the same way.
#include "sim/shrink/shrink.h"

#include "sim/program/scenario_source.h"
#include "sim/scenario/scenario_file.h"
#include "sim/scenario/words.h"
#include "sim/simulate.h"

#include <chrono>
#include <cstdio>
#include <memory>

namespace lockstep::sim {

namespace {

struct ShrinkArguments {
  ScenarioSource source;
  unsigned seconds = 60;
  std::uint64_t runs = ShrinkLimits{}.runs_max;
  std::string out;
};

void print_run(const char* title, const Scenario& scenario, const RunResult& result) {
  std::printf("%s\n%s  breaks %s at %.6f s: %s\n", title, in_words(scenario).c_str(),
              result.violation->invariant().c_str(), static_cast<double>(result.simulated) / one_second,
              result.violation->text().c_str());
}

int shrink_and_print(const ShrinkArguments& options) {
  const Scenario scenario = options.source.take();
  const RunResult result = simulate(scenario);
  if (!result.violation) throw UsageError(options.source.name() + " breaks nothing: there is nothing to shrink");
  print_run("before:", scenario, result);
  std::fflush(stdout);

  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  const Shrunk shrunk =
      shrink(scenario, result, {options.runs, [end] { return std::chrono::steady_clock::now() >= end; }});

  print_run("after:", shrunk.scenario, shrunk.result);
  std::printf("%llu runs tried; %s\n", static_cast<unsigned long long>(shrunk.runs),
              shrunk.finished ? "nothing smaller fails" : "the limit on time or runs was reached first");
  if (options.out.empty()) {
    std::printf("--out FILE would keep the scenario for replay\n");
    return exit_violated;
  }
  write_whole_file(options.out, scenario_to_toml(shrunk.scenario));
  std::printf("again: lockstep-sim replay --scenario-file %s%s\n", options.out.c_str(),
              options.source.plant_options().c_str());
  return exit_violated;
}

}  // namespace

Subcommand add_shrink(CLI::App& app) {
  auto options = std::make_shared<ShrinkArguments>();
  CLI::App* command = app.add_subcommand("shrink", "find a smaller run that breaks the same invariant");
  options->source.declare(*command);
  command->add_option("--seconds", options->seconds, "how long to search")->capture_default_str();
  command->add_option("--runs", options->runs, "how many runs to try at most")->capture_default_str();
  command->add_option("--out", options->out, "write the scenario to this file, for replay --scenario-file");
  return {command, [options] { return shrink_and_print(*options); }};
}

}  // namespace lockstep::sim
