#include "sim/program/run_seeds.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace lockstep::sim {

namespace {

struct Failure {
  std::uint64_t seed = 0;
  double at_seconds = 0;
  std::string invariant, text;
};

struct Tally {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::uint64_t acknowledged = 0;
  double simulated_seconds = 0;
  std::vector<Failure> failures;
};

double in_seconds(Time time) { return static_cast<double>(time) / static_cast<double>(one_second); }

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

/// Runs every `step`th seed from `first` on and writes what it finds, a line each, to `out`.
void work(const RunOptions& options, std::uint64_t first, std::uint64_t step, std::FILE* out) {
  for (std::uint64_t seed = first; seed <= options.last_seed; seed += step) {
    RunResult result = simulate(seed, options.choice, nullptr);
    if (options.twice && !result.violation) {
      const RunResult again = simulate(seed, options.choice, nullptr);
      if (again.hash != result.hash) {
        result.violation = Violation("determinism", "two runs of the same seed differ");
      }
    }
    std::fprintf(out, "%llu\t%llu\t%llu\t%.6f\t%s\t%s\n", static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(result.events), static_cast<unsigned long long>(result.acknowledged),
                 in_seconds(result.simulated), result.violation ? result.violation->invariant().c_str() : "-",
                 result.violation ? one_line(result.violation->text()).c_str() : "");
    std::fflush(out);
    if (result.violation && !options.keep_going) return;
  }
}

void collect(std::istream& lines, Tally& tally) {
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string seed, events, acknowledged, simulated, invariant, text;
    std::getline(fields, seed, '\t');
    std::getline(fields, events, '\t');
    std::getline(fields, acknowledged, '\t');
    std::getline(fields, simulated, '\t');
    std::getline(fields, invariant, '\t');
    std::getline(fields, text);
    ++tally.seeds;
    tally.events += std::stoull(events);
    tally.acknowledged += std::stoull(acknowledged);
    tally.simulated_seconds += std::stod(simulated);
    if (invariant != "-") tally.failures.push_back({std::stoull(seed), std::stod(simulated), invariant, text});
  }
}

struct Worker {
  pid_t pid;
  std::FILE* results;
};

Tally run_in_processes(const RunOptions& options) {
  std::vector<Worker> workers;
  for (unsigned i = 0; i < options.jobs; ++i) {
    std::FILE* results = std::tmpfile();
    if (results == nullptr) throw std::runtime_error("cannot make a temporary file");
    const pid_t pid = fork();
    if (pid == 0) {
      work(options, options.first_seed + i, options.jobs, results);
      std::_Exit(0);
    }
    if (pid < 0) throw std::runtime_error("cannot start a process");
    workers.push_back({pid, results});
  }
  Tally tally;
  for (unsigned i = 0; i < options.jobs; ++i) {
    int status = 0;
    waitpid(workers[i].pid, &status, 0);
    std::rewind(workers[i].results);
    std::string text;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, workers[i].results)) > 0;) text.append(buffer, n);
    std::fclose(workers[i].results);
    std::istringstream lines(text);
    const std::uint64_t before = tally.seeds;
    collect(lines, tally);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      const std::uint64_t seed = options.first_seed + i + (tally.seeds - before) * options.jobs;
      tally.failures.push_back({seed, 0, "crash", "the program itself crashed"});
    }
  }
  std::sort(tally.failures.begin(), tally.failures.end(),
            [](const Failure& a, const Failure& b) { return a.seed < b.seed; });
  return tally;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "\"";
}

void print_json(const Tally& tally, double wall_seconds) {
  std::printf("{\"seeds\": %llu, \"violations\": [", static_cast<unsigned long long>(tally.seeds));
  const char* separator = "";
  for (const Failure& failure : tally.failures) {
    std::printf("%s{\"seed\": %llu, \"invariant\": %s, \"time_seconds\": %.6f, \"text\": %s}", separator,
                static_cast<unsigned long long>(failure.seed), quoted(failure.invariant).c_str(), failure.at_seconds,
                quoted(failure.text).c_str());
    separator = ", ";
  }
  std::printf(
      "], \"events\": %llu, \"acknowledged\": %llu, \"wall_seconds\": %.3f, \"simulated_seconds\": %.1f, "
      "\"seeds_per_second\": %.1f}\n",
      static_cast<unsigned long long>(tally.events), static_cast<unsigned long long>(tally.acknowledged), wall_seconds,
      tally.simulated_seconds, static_cast<double>(tally.seeds) / wall_seconds);
}

void print_text(const Tally& tally, double wall_seconds) {
  std::map<std::string, std::uint64_t> by_invariant;
  for (const Failure& failure : tally.failures) {
    std::printf("seed %llu breaks %s at %.6f s: %s\n", static_cast<unsigned long long>(failure.seed),
                failure.invariant.c_str(), failure.at_seconds, failure.text.c_str());
    ++by_invariant[failure.invariant];
  }
  std::string counts;
  for (const auto& [invariant, count] : by_invariant) counts += " " + invariant + ":" + std::to_string(count);
  std::printf(
      "%llu seeds, %zu violations%s, %.1f seeds per second, simulated time %.0f times as fast as the clock, "
      "%llu events, %llu acknowledged\n",
      static_cast<unsigned long long>(tally.seeds), tally.failures.size(), counts.c_str(),
      static_cast<double>(tally.seeds) / wall_seconds, tally.simulated_seconds / wall_seconds,
      static_cast<unsigned long long>(tally.events), static_cast<unsigned long long>(tally.acknowledged));
}

}  // namespace

int run_seeds(const RunOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const Tally tally = run_in_processes(options);
  const double wall_seconds =
      std::max(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 1e-6);
  if (options.json) {
    print_json(tally, wall_seconds);
  } else {
    print_text(tally, wall_seconds);
  }
  return tally.failures.empty() ? 0 : 1;
}

}  // namespace lockstep::sim
