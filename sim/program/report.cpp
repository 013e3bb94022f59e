#include "sim/program/report.h"

#include "sim/coverage/judge.h"
#include "sim/hash.h"
#include "sim/program/availability_report.h"
#include "sim/program/exit.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

namespace lockstep::sim {

namespace json = boost::json;

namespace {

constexpr double us_per_second = 1e6;
constexpr std::size_t lines_max = 20;  ///< of violations, and of hashes none, where people read

unsigned long long printable(std::uint64_t number) { return number; }

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

std::string list_of(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i == lines_max) return text + " and " + std::to_string(numbers.size() - i) + " more";
    text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  }
  return text;
}

/// How the two differ; empty if they are of one run.
std::string difference(const Identity& a, const Identity& b) {
  const auto differ = [](const std::string& what, const std::string& left, const std::string& right) {
    return what + " " + left + " and " + right;
  };
  if (a.version != b.version) return differ("versions", a.version, b.version);
  if (a.program != b.program) return differ("program files of the same version, with the hashes", a.program, b.program);
  for (const auto* side : {&a, &b}) {
    for (const auto& [name, unused] : side->choice) {
      const json::value* left = a.choice.if_contains(name);
      const json::value* right = b.choice.if_contains(name);
      if (left != nullptr && right != nullptr && *left == *right) continue;
      return differ(std::string(name), left == nullptr ? "none" : text_of(*left),
                    right == nullptr ? "none" : text_of(*right));
    }
  }
  if (a.range != b.range) return differ("seeds", to_string(a.range), to_string(b.range));
  if (a.shards != b.shards) {
    return differ("numbers of shards", std::to_string(a.shards), std::to_string(b.shards));
  }
  return {};
}

void print_text(const Report& report) {
  const Tally& tally = report.tally;
  std::size_t printed = 0;
  for (const Failure& failure : tally.failures) {
    if (++printed > lines_max) break;
    std::printf("seed %llu breaks %s at %.6f s: %s\n", printable(failure.seed), failure.invariant.c_str(),
                static_cast<double>(failure.at_us) / us_per_second, failure.text.c_str());
  }
  std::string counts;
  std::uint64_t violations = 0;
  for (const auto& [invariant, count] : tally.violations) {
    counts += " " + invariant + ":" + std::to_string(count);
    violations += count;
  }
  if (violations > lines_max) {
    std::printf("%llu more are not shown; --json has the first %zu\n", printable(violations - lines_max),
                Tally::failures_max);
  }
  if (!tally.availability.empty()) {
    std::fputs(availability_text(report.identity.choice, tally).c_str(), stdout);
  }
  for (const auto& [seed, hash] : tally.hashes)
    std::printf("seed %llu hash %s\n", printable(seed), hash_text(hash).c_str());
  if (tally.irrecoverable > 0) {
    std::printf("%llu seeds lost the last complete copy with a disk and rightly wait for a person\n",
                printable(tally.irrecoverable));
  }
  for (const auto& [what, count] : tally.not_reached) {
    std::printf("with %llu of %llu seeds the scenario did not come about: %s\n", printable(count),
                printable(tally.seeds), what.c_str());
  }
  const std::vector<std::uint64_t> missing = report.missing();
  if (!missing.empty()) {
    std::printf("missing of %llu shards: %s\n", printable(report.identity.shards), list_of(missing).c_str());
  }
  std::printf(
      "%llu seeds, %llu violations%s, %.1f seeds per second, simulated time %.0f times as fast as the clock, "
      "%llu events, %llu acknowledged, hash %s\n",
      printable(tally.seeds), printable(violations), counts.c_str(),
      static_cast<double>(tally.seeds) / report.wall_seconds,
      static_cast<double>(tally.simulated_us) / us_per_second / report.wall_seconds, printable(tally.events),
      printable(tally.acknowledged), hash_text(tally.hash).c_str());
}

}  // namespace

std::vector<std::uint64_t> Report::missing() const {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 1; number <= identity.shards; ++number) {
    if (!present.contains(number)) numbers.push_back(number);
  }
  return numbers;
}

std::string program_id() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read /proc/self/exe, the program's own file");
  return hash_text(xxh3(bytes.str()));
}

void merge_into(Report& all, const std::string& all_name, const Report& part, const std::string& part_name) {
  const std::string between = all_name + " and " + part_name;
  if (const std::string text = difference(all.identity, part.identity); !text.empty()) {
    throw UsageError(between + " are not parts of one run: they have " + text);
  }
  for (const std::uint64_t number : part.present) {
    if (all.present.contains(number)) {
      throw UsageError(part_name + " has shard " + std::to_string(number) + "/" + std::to_string(part.identity.shards) +
                       ", which one before it has too: give each shard once");
    }
  }
  all.present.insert(part.present.begin(), part.present.end());
  all.wall_seconds = std::max(all.wall_seconds, part.wall_seconds);
  all.tally.add(part.tally);
}

json::object to_json(const Report& report) {
  const auto list = [](const auto& numbers) { return json::array(numbers.begin(), numbers.end()); };
  json::object object{
      {"version", report.identity.version},
      {"program", report.identity.program},
      {"choice", report.identity.choice},
      {"range", to_string(report.identity.range)},
      {"shards",
       {{"of", report.identity.shards}, {"present", list(report.present)}, {"missing", list(report.missing())}}}};
  for (auto& [name, value] : to_json(report.tally)) object[name] = std::move(value);
  object["wall_seconds"] = report.wall_seconds;
  object["seeds_per_second"] = static_cast<double>(report.tally.seeds) / report.wall_seconds;
  return object;
}

Report report_from_json(const json::object& object) {
  Report report;
  report.identity.version = json::value_to<std::string>(object.at("version"));
  report.identity.program = json::value_to<std::string>(object.at("program"));
  report.identity.choice = object.at("choice").as_object();
  report.identity.range = parse_seeds(json::value_to<std::string>(object.at("range")));
  const json::object& shards = object.at("shards").as_object();
  report.identity.shards = shards.at("of").to_number<std::uint64_t>();
  const std::string of = "/" + std::to_string(report.identity.shards);
  parse_shard("1" + of);
  for (const json::value& number : shards.at("present").as_array()) {
    report.present.insert(parse_shard(std::to_string(number.to_number<std::uint64_t>()) + of).number);
  }
  report.wall_seconds = object.at("wall_seconds").to_number<double>();
  // What happened per second is told.
  if (!(report.wall_seconds > 0)) throw std::invalid_argument("wall_seconds must be more than 0");
  report.tally = tally_from_json(object);
  return report;
}

int print_report(const Report& report, bool as_json) {
  std::optional<CoverageVerdict> verdict;
  if (report.tally.coverage) verdict = judge(*report.tally.coverage, exemptions());
  if (as_json) {
    json::object object = to_json(report);
    if (verdict) object["coverage"] = json::parse(coverage_json(*report.tally.coverage, *verdict));
    std::printf("%s\n", json::serialize(object).c_str());
  } else {
    print_text(report);
    if (verdict) std::fputs(coverage_text(*report.tally.coverage, *verdict).c_str(), stdout);
  }
  const bool covered = !verdict || verdict->complete();
  const bool reached = report.tally.reached();
  if (!reached) {
    std::fprintf(stderr, "lockstep-sim: the scenario came about with too few seeds for it to have been tried\n");
  }
  return report.tally.clean() && covered && reached ? exit_clean : exit_violated;
}

}  // namespace lockstep::sim
