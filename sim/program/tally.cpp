#include "sim/program/tally.h"

#include "sim/hash.h"
#include "sim/program/availability_report.h"
#include "sim/program/shard.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

namespace lockstep::sim {

namespace json = boost::json;

namespace {

constexpr double us_per_second = 1e6;
/// Of the seeds of a named scenario, so many must bring its situation about.
constexpr std::uint64_t reached_percent_min = 90;

std::uint64_t number_in(const json::object& object, std::string_view name) {
  return object.at(name).to_number<std::uint64_t>();
}

std::uint64_t parse_hash(std::string_view text) {
  std::uint64_t hash = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("'" + std::string(text) + "' is not a hash");
  }
  return hash;
}

json::object to_json(const Failure& failure) {
  return {{"seed", failure.seed},
          {"invariant", failure.invariant},
          {"time_seconds", static_cast<double>(failure.at_us) / us_per_second},
          {"time_us", failure.at_us},
          {"text", failure.text}};
}

Failure failure_from_json(const json::object& object) {
  return {number_in(object, "seed"), number_in(object, "time_us"), json::value_to<std::string>(object.at("invariant")),
          json::value_to<std::string>(object.at("text"))};
}

}  // namespace

void Tally::add(const Tally& other) {
  seeds += other.seeds;
  events += other.events;
  acknowledged += other.acknowledged;
  simulated_us += other.simulated_us;
  irrecoverable += other.irrecoverable;
  for (const auto& [what, count] : other.not_reached) not_reached[what] += count;
  hash += other.hash;
  if (other.coverage && coverage) {
    coverage->add(other.coverage->hits_as_text());
  } else if (other.coverage) {
    coverage = other.coverage;
  }
  for (const auto& [failure, figures] : other.availability) availability[failure].add(figures);
  hashes.insert(other.hashes.begin(), other.hashes.end());
  for (const auto& [invariant, count] : other.violations) violations[invariant] += count;
  if (other.failures.empty()) return;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
  std::stable_sort(failures.begin(), failures.end(),
                   [](const Failure& a, const Failure& b) { return a.seed < b.seed; });
  if (failures.size() > failures_max) failures.resize(failures_max);
}

bool Tally::reached() const {
  std::uint64_t missed = 0;
  for (const auto& [what, count] : not_reached) missed += count;
  return missed * 100 <= seeds * (100 - reached_percent_min);
}

void Tally::add_hash(std::uint64_t seed, std::uint64_t run_hash) {
  RunHash both;
  both.add(seed);
  both.add(run_hash);
  hash += both.value();
}

void Tally::add_failure(Failure failure) {
  Tally one;
  one.violations[failure.invariant] = 1;
  one.failures.push_back(std::move(failure));
  add(one);
}

std::string hash_text(std::uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

json::object to_json(const Tally& tally) {
  json::array failures;
  for (const Failure& failure : tally.failures) failures.push_back(to_json(failure));
  json::object violations;
  for (const auto& [invariant, count] : tally.violations) violations[invariant] = count;
  json::object not_reached;
  for (const auto& [what, count] : tally.not_reached) not_reached[what] = count;
  json::object object{{"seeds", tally.seeds},
                      {"violations", std::move(failures)},
                      {"violations_by_invariant", std::move(violations)},
                      {"events", tally.events},
                      {"acknowledged", tally.acknowledged},
                      {"simulated_seconds", static_cast<double>(tally.simulated_us) / us_per_second},
                      {"simulated_us", tally.simulated_us},
                      {"irrecoverable", tally.irrecoverable},
                      {"not_reached", std::move(not_reached)},
                      {"hash", hash_text(tally.hash)}};
  if (!tally.hashes.empty()) {
    json::object hashes;
    for (const auto& [seed, hash] : tally.hashes) hashes[std::to_string(seed)] = hash_text(hash);
    object["hashes"] = std::move(hashes);
  }
  if (tally.coverage) object["coverage_hits"] = tally.coverage->hits_as_text();
  if (!tally.availability.empty()) object["availability"] = to_json(tally.availability);
  return object;
}

Tally tally_from_json(const json::object& object) {
  Tally tally;
  tally.seeds = number_in(object, "seeds");
  tally.events = number_in(object, "events");
  tally.acknowledged = number_in(object, "acknowledged");
  tally.simulated_us = number_in(object, "simulated_us");
  tally.irrecoverable = number_in(object, "irrecoverable");
  for (const auto& [what, count] : object.at("not_reached").as_object()) {
    tally.not_reached[what] = count.to_number<std::uint64_t>();
  }
  tally.hash = parse_hash(object.at("hash").as_string());
  for (const json::value& each : object.at("violations").as_array()) {
    tally.failures.push_back(failure_from_json(each.as_object()));
  }
  for (const auto& [invariant, count] : object.at("violations_by_invariant").as_object()) {
    tally.violations[invariant] = count.to_number<std::uint64_t>();
  }
  if (const json::value* hashes = object.if_contains("hashes")) {
    for (const auto& [seed, hash] : hashes->as_object()) {
      tally.hashes[number_of_key(seed)] = parse_hash(hash.as_string());
    }
  }
  if (const json::value* hits = object.if_contains("coverage_hits")) {
    tally.coverage.emplace().add(json::value_to<std::string>(*hits));
  }
  if (const json::value* availability = object.if_contains("availability")) {
    tally.availability = availability_from_json(availability->as_object());
  }
  return tally;
}

}  // namespace lockstep::sim
