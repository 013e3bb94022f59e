// lockstep-sim plants: the bugs that can be switched on to see that they are found.
#include "sim/planted/planted.h"
#include "sim/program/measure_plants.h"
#include "sim/program/subcommand.h"

#include <cstdio>
#include <memory>

namespace lockstep::sim {

namespace {

int print_plants() {
  for (const engine::PlantInfo& info : every_plant()) {
    std::printf("%-34s %-16s %-10s %s\n", std::string(info.name).c_str(), std::string(info.area).c_str(),
                std::string(profile_that_shows(info)).c_str(), std::string(info.what).c_str());
  }
  return exit_clean;
}

}  // namespace

Subcommand add_plants(CLI::App& app) {
  struct Options {
    bool measure = false;
    MeasureOptions how;
  };
  auto options = std::make_shared<Options>();
  CLI::App* plants = app.add_subcommand(
      "plants", "list the planted bugs: name, part, profile whose runs show it, and what goes wrong");
  CLI::Option* measure = plants->add_flag(
      "--measure", options->measure, "print how many seeds it takes to find each, median of the starts, as Markdown");
  plants->add_option("--part", options->how.part, "only the bugs of this part, as the list has it")->needs(measure);
  plants->add_option("--starts", options->how.starts, "starting points: seeds from 1, 100001, 200001, ...")
      ->check(CLI::Range(1U, 99U))
      ->needs(measure)
      ->capture_default_str();
  plants->add_option("--seeds-max", options->how.seeds_max, "how many seeds are tried from each")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000}))
      ->needs(measure)
      ->capture_default_str();
  plants->add_option("--jobs", options->how.jobs, "processes")->check(CLI::Range(1U, 256U))->needs(measure);
  return {plants, [options] { return options->measure ? measure_plants(options->how) : print_plants(); }};
}

}  // namespace lockstep::sim
