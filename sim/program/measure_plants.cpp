#include "sim/program/measure_plants.h"

#include "sim/planted/planted.h"
#include "sim/program/subcommand.h"
#include "sim/simulate.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace lockstep::sim {

namespace {

constexpr std::uint64_t seeds_between_starts = 100'000;

struct Result {
  std::uint64_t seeds = 0;  ///< until it was found; more than were to be tried: not found
  std::string invariant;    ///< that found it; "crash": the program died
};

/// One bug from one starting point. A planted bug is global to its process, so each runs in one of its own.
struct Search {
  std::size_t bug;
  unsigned start;
  std::FILE* report;
};

Result search(const engine::PlantInfo& plant, unsigned start, std::uint64_t seeds_max) {
  plant_by_name(std::string(plant.name));
  const Choice choice{.profile = std::string(profile_that_shows(plant)), .durability = {}};
  const std::uint64_t first = 1 + start * seeds_between_starts;
  for (std::uint64_t seed = first; seed < first + seeds_max; ++seed) {
    const RunResult result = simulate(seed, choice, nullptr);
    if (result.violation) return {seed - first + 1, result.violation->invariant()};
  }
  return {seeds_max + 1, {}};
}

std::pair<pid_t, Search> begin(const engine::PlantInfo& plant, Search search_for, std::uint64_t seeds_max) {
  search_for.report = std::tmpfile();
  if (search_for.report == nullptr) throw std::runtime_error("cannot make a temporary file");
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("cannot start a process");
  if (pid != 0) return {pid, search_for};
  const Result result = search(plant, search_for.start, seeds_max);
  std::fprintf(search_for.report, "%llu %s\n", static_cast<unsigned long long>(result.seeds),
               result.invariant.empty() ? "-" : result.invariant.c_str());
  std::fflush(search_for.report);
  std::_Exit(0);
}

Result read(std::FILE* report) {
  unsigned long long seeds = 0;
  char invariant[64] = {};
  std::rewind(report);
  const bool told = std::fscanf(report, "%llu %63s", &seeds, invariant) == 2;
  std::fclose(report);
  if (!told) return {0, "crash"};
  return {seeds, invariant == std::string("-") ? "" : invariant};
}

/// For each bug the results from each start.
std::vector<std::vector<Result>> search_all(const std::vector<engine::PlantInfo>& plants,
                                            const MeasureOptions& options) {
  std::vector<std::vector<Result>> results(plants.size(), std::vector<Result>(options.starts));
  std::map<pid_t, Search> running;
  const std::size_t all = plants.size() * options.starts;
  for (std::size_t next = 0; next < all || !running.empty();) {
    if (next < all && running.size() < options.jobs) {
      const std::size_t bug = next / options.starts;
      running.insert(
          begin(plants[bug], {bug, static_cast<unsigned>(next % options.starts), nullptr}, options.seeds_max));
      ++next;
      continue;
    }
    int status = 0;
    const auto ended = running.find(waitpid(-1, &status, 0));
    if (ended == running.end()) continue;
    results[ended->second.bug][ended->second.start] = read(ended->second.report);
    running.erase(ended);
  }
  return results;
}

std::string found_by(const std::vector<Result>& results) {
  std::set<std::string> invariants;
  for (const Result& result : results) {
    if (!result.invariant.empty()) invariants.insert(result.invariant);
  }
  std::string text;
  for (const std::string& invariant : invariants) text += (text.empty() ? "" : ", ") + invariant;
  return text;
}

std::uint64_t median(const std::vector<Result>& results) {
  std::vector<std::uint64_t> seeds;
  for (const Result& result : results) seeds.push_back(result.seeds);
  std::sort(seeds.begin(), seeds.end());
  return seeds[seeds.size() / 2];
}

}  // namespace

int measure_plants(const MeasureOptions& options) {
  std::vector<engine::PlantInfo> plants = every_plant();
  std::erase_if(plants, [&](const auto& plant) { return !options.part.empty() && plant.area != options.part; });
  const std::vector<std::vector<Result>> results = search_all(plants, options);
  bool all_found = true;
  std::printf("| planted bug | part | what goes wrong | found by | seeds |\n|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < plants.size(); ++i) {
    const std::uint64_t seeds = median(results[i]);
    const std::string count =
        seeds > options.seeds_max ? "> " + std::to_string(options.seeds_max) : std::to_string(seeds);
    std::printf("| `%s` | %s | %s | %s | %s |\n", std::string(plants[i].name).c_str(),
                std::string(plants[i].area).c_str(), std::string(plants[i].what).c_str(), found_by(results[i]).c_str(),
                count.c_str());
    all_found = all_found && std::all_of(results[i].begin(), results[i].end(), [](const Result& result) {
                  return !result.invariant.empty() && result.invariant != "crash";
                });
  }
  return all_found ? exit_clean : exit_violated;
}

}  // namespace lockstep::sim
