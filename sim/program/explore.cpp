// lockstep-sim explore: every short history, with every fault at every boundary, and in every order.
#include "sim/explore/walk.h"
#include "sim/planted/planted.h"
#include "sim/program/subcommand.h"
#include "sim/program/workers.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>

namespace lockstep::sim {

namespace {

constexpr std::uint64_t findings_max = 20;

struct ExploreArguments {
  std::size_t depth = 1;
  std::vector<std::string> durabilities{"replicated"};
  std::vector<std::string> moves{"swap", "rejoin"};
  std::vector<std::string> paces{"in-turn"};
  std::vector<std::string> plants;
  std::string replay;
  bool verbose = false;
  unsigned jobs = 1;
  std::string part = "1/1";
  WalkLimits limits;
};

/// One share of the histories out of so many, for spreading them over machines or nights.
struct Part {
  std::size_t number = 1;
  std::size_t of = 1;
};

Part parse_part(const std::string& text) {
  Part part;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%zu/%zu%c", &part.number, &part.of, &rest) != 2 || part.number < 1 ||
      part.number > part.of) {
    throw UsageError("--part wants K/N with 1 <= K <= N, not '" + text + "'");
  }
  return part;
}

struct Found {
  std::string id, invariant, text;
};

/// What came of one history, or of several.
struct Explored {
  WalkTally tally;
  std::vector<Found> found;
  bool crashed = false;
  bool cut_short = false;
};

template <typename Kind>
std::vector<Kind> kinds(const std::vector<std::string>& names, std::optional<Kind> (*of)(std::string_view),
                        const char* option) {
  std::vector<Kind> result;
  for (const std::string& name : names) {
    const auto kind = of(name);
    if (!kind) throw UsageError(std::string(option) + " does not know '" + name + "'; --help names the choices");
    result.push_back(*kind);
  }
  return result;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

/// In a worker: what came of one history, as a line.
std::string line_of(const ShortHistory& history, const ExploreArguments& options) {
  WalkTally tally;
  std::ostringstream found;
  const auto report = [&](const Finding& finding) {
    found << '\t' << finding.id << '\t' << finding.violation.invariant() << '\t' << one_line(finding.violation.text());
    return options.plants.empty() && tally.violations < findings_max;
  };
  const bool whole = walk(history, options.limits, tally, report);
  std::ostringstream line;
  for (const std::uint64_t number : {tally.histories, tally.boundaries, tally.faults, tally.faulted_states,
                                     tally.orders, tally.runs, tally.violations, tally.incomplete}) {
    line << number << ' ';
  }
  line << !whole << found.str();
  return line.str();
}

void add(const Outcome& outcome, Explored& all) {
  if (outcome.kind != Outcome::Kind::finished) {
    all.crashed = true;
    return;
  }
  std::istringstream line(outcome.text);
  WalkTally tally;
  bool cut_short = false;
  line >> tally.histories >> tally.boundaries >> tally.faults >> tally.faulted_states >> tally.orders >> tally.runs >>
      tally.violations >> tally.incomplete >> cut_short;
  all.tally.add(tally);
  all.cut_short |= cut_short;
  line.get();  // the tab before the first finding
  for (Found found; std::getline(line, found.id, '\t');) {
    std::getline(line, found.invariant, '\t');
    std::getline(line, found.text, '\t');
    all.found.push_back(std::move(found));
  }
}

void print(const Explored& explored, const ExploreArguments& options, double seconds) {
  const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  for (const Found& found : explored.found) {
    std::printf("%s breaks %s: %s\n", found.id.c_str(), found.invariant.c_str(), found.text.c_str());
  }
  const WalkTally& tally = explored.tally;
  std::printf("%llu histories of %zu requests, %llu boundaries\n", number(tally.histories), options.depth,
              number(tally.boundaries));
  std::printf("%llu faults at boundaries lead to %llu different states, each walked once; %llu skipped as equal\n",
              number(tally.faults), number(tally.faulted_states), number(tally.faults - tally.faulted_states));
  std::printf("%llu further orders of deliveries, each with up to %zu overtaken\n", number(tally.orders),
              options.limits.overtakings_max);
  std::printf("%llu runs in %.1f s, %.0f a second, %llu violations\n", number(tally.runs), seconds,
              static_cast<double>(tally.runs) / seconds, number(tally.violations));
  if (explored.crashed) {
    std::printf("not complete: a worker crashed\n");
  } else if (explored.cut_short) {
    std::printf("not complete: ended by violations\n");
  } else if (tally.incomplete > 0) {
    std::printf("not complete: of %llu histories only the first %llu orders were walked\n", number(tally.incomplete),
                number(options.limits.orders_max));
  } else {
    std::printf("complete%s\n", options.part == "1/1" ? "" : (", for part " + options.part).c_str());
  }
}

int explore_all(const ExploreArguments& options) {
  const Part part = parse_part(options.part);
  std::vector<ShortHistory> all =
      histories({options.depth, kinds(options.durabilities, durability_of, "--durability"),
                 kinds(options.moves, move_of, "--move"), kinds(options.paces, pace_of, "--pace")});
  std::size_t place = 0;
  std::erase_if(all, [&](const ShortHistory&) { return place++ % part.of != part.number - 1; });
  const auto begin = std::chrono::steady_clock::now();
  Explored explored;
  std::uint64_t dealt = 0;
  const auto next = [&]() -> std::optional<std::uint64_t> {
    const bool enough = explored.found.size() >= (options.plants.empty() ? findings_max : 1);
    if (dealt == all.size() || enough) return std::nullopt;
    return dealt++;
  };
  work_off({next, [&](std::uint64_t number) { return line_of(all[number], options); },
            [&](const Outcome& outcome) { add(outcome, explored); }},
           {options.jobs});
  explored.cut_short |= dealt < all.size();
  print(explored, options, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return explored.crashed || explored.tally.violations > 0 ? exit_violated : exit_clean;
}

int replay_one(const ExploreArguments& options) {
  std::optional<Violation> violation;
  try {
    violation = replay(options.replay, options.verbose ? &std::cout : nullptr);
  } catch (const std::logic_error& error) {
    throw UsageError("--replay " + options.replay + ": " + error.what());
  }
  std::cout.flush();
  if (!violation) {
    std::printf("%s breaks nothing\n", options.replay.c_str());
    return exit_clean;
  }
  std::printf("%s breaks %s: %s\n", options.replay.c_str(), violation->invariant().c_str(), violation->text().c_str());
  return exit_violated;
}

int explore(const ExploreArguments& options) {
  for (const std::string& name : options.plants) {
    if (!plant_by_name(name)) throw UsageError("no planted bug is named '" + name + "'; 'plants' lists them");
  }
  install_check_handler();
  return options.replay.empty() ? explore_all(options) : replay_one(options);
}

}  // namespace

Subcommand add_explore(CLI::App& app) {
  auto options = std::make_shared<ExploreArguments>();
  CLI::App* command =
      app.add_subcommand("explore", "walk every short history, with every fault at every boundary and in every order");
  command->add_option("--depth", options->depth, "requests of each history")
      ->check(CLI::Range(std::size_t{1}, std::size_t{3}))
      ->capture_default_str();
  command->add_option("--durability", options->durabilities, "commit, replicated, durable: one or several")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--move", options->moves, "swap, rejoin: what happens to the nodes' roles, one or both")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--pace", options->paces, "in-turn, at-once: when the next request comes, one or both")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--overtakings", options->limits.overtakings_max, "deliveries that overtake others in one order")
      ->capture_default_str();
  command->add_option("--part", options->part, "K/N: only every Nth history, from the Kth on")->capture_default_str();
  command->add_option("--jobs", options->jobs, "processes")->check(CLI::Range(1U, 256U));
  command->add_option("--plant", options->plants, "switch a planted bug on; 'plants' lists them");
  command->add_option("--replay", options->replay, "one run again, by the ID that was printed for it");
  command->add_flag("--verbose", options->verbose, "with --replay: print the event log");
  return {command, [options] { return explore(*options); }};
}

}  // namespace lockstep::sim
