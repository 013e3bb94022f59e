// lockstep-sim replay: one run again, in as much detail as is wanted.
#include "sim/program/replay_recording.h"
#include "sim/program/scenario_source.h"
#include "sim/scenario/words.h"
#include "sim/simulate.h"
#include "sim/timeline/page.h"
#include "sim/timeline/recorder.h"
#include "sim/world/event_log.h"

#include <cstdio>
#include <iostream>
#include <memory>

namespace lockstep::sim {

namespace {

struct ReplayArguments {
  ScenarioSource source;
  std::string recording;  ///< of a daemon, or empty
  bool verbose = false;
  std::string timeline;  ///< file to write, or empty
};

int replay(const ReplayArguments& options) {
  const Scenario scenario = options.source.take();
  const std::string name = options.source.name();
  std::optional<EventLog> log;
  std::optional<timeline::Recorder> recorder;
  const RunResult result = simulate(scenario, [&](World& world) {
    if (options.verbose) world.observers().add(log.emplace(world.scheduler(), std::cout));
    if (!options.timeline.empty()) world.observers().add(recorder.emplace(world));
  });
  std::cout.flush();
  if (recorder) {
    const timeline::Heading heading{name, in_words(scenario), options.source.plant_options()};
    write_whole_file(options.timeline, timeline::page(heading, recorder->finish(result.simulated), result));
  }
  std::printf("%s, %llu events, %llu acknowledged, %.3f simulated seconds, hash %016llx\n", name.c_str(),
              static_cast<unsigned long long>(result.events), static_cast<unsigned long long>(result.acknowledged),
              static_cast<double>(result.simulated) / static_cast<double>(one_second),
              static_cast<unsigned long long>(result.hash));
  if (!result.not_reached.empty()) std::printf("the scenario did not come about: %s\n", result.not_reached.c_str());
  if (!result.violation) return exit_clean;
  std::printf("%s breaks %s: %s\n", name.c_str(), result.violation->invariant().c_str(),
              result.violation->text().c_str());
  return exit_violated;
}

}  // namespace

Subcommand add_replay(CLI::App& app) {
  auto options = std::make_shared<ReplayArguments>();
  CLI::App* command =
      app.add_subcommand("replay", "run one seed, a scenario from a file, or what a daemon recorded, again");
  options->source.declare(*command);
  command->add_option("--recording", options->recording,
                      "a module's directory of recordings, or the segment file to begin with");
  command->add_option("--timeline", options->timeline, "write a page that shows the run, for a browser");
  command->add_flag("--verbose", options->verbose, "print the event log");
  return {command, [options] {
            if (!options->recording.empty()) return replay_recording({options->recording, options->verbose});
            return replay(*options);
          }};
}

}  // namespace lockstep::sim
