#include "sim/scenario/scenario_file.h"

#include "sim/scenario/named/named.h"
#include "sim/scenario/toml_fields.h"

#include <algorithm>
#include <sstream>

namespace lockstep::sim {

namespace {

constexpr std::string_view heading =
    "# A scenario of lockstep-sim. Run it again: lockstep-sim replay --scenario-file THIS_FILE\n";

using Unit = decltype(Fault::what);

toml::table table_of(const Fault& fault) {
  TomlWriter writer;
  writer.time("at", fault.at);
  std::visit(
      [&](const auto& unit) {
        writer.table.insert("kind", std::string(unit.kind));
        unit.fields(unit, writer);
      },
      fault.what);
  return std::move(writer.table);
}

template <typename Value>
toml::table table_of(const Value& value) {
  TomlWriter writer;
  Value::fields(value, writer);
  return std::move(writer.table);
}

template <typename Value>
toml::array array_of(const std::vector<Value>& values) {
  toml::array array;
  for (const Value& value : values) array.push_back(table_of(value));
  return array;
}

/// Reads the alternative whose kind is `kind`; its number, or that of none, is `Index` or higher.
template <std::size_t Index = 0>
Unit read_unit(std::string_view kind, TomlReader& reader, std::string kinds = {}) {
  if constexpr (Index == std::variant_size_v<Unit>) {
    reader.fail("kind", "one of " + kinds);
  } else {
    std::variant_alternative_t<Index, Unit> unit{};
    if (kind != unit.kind) {
      return read_unit<Index + 1>(kind, reader, kinds + (kinds.empty() ? "" : ", ") + std::string(unit.kind));
    }
    unit.fields(unit, reader);
    return unit;
  }
}

std::string numbered(const char* name, std::size_t number) {
  return std::string(name) + "[" + std::to_string(number) + "].";
}

Mix read_mix(const toml::table& table) {
  Mix mix;
  TomlReader reader(table, "mix.");
  Mix::fields(mix, reader);
  reader.expect_no_more();
  constexpr std::uint32_t operations_max = 1'000'000;
  constexpr std::uint32_t requests_max = 10'000;
  const auto within = [](std::uint32_t number, std::uint32_t most) { return number >= 1 && number <= most; };
  if (!within(mix.operations, operations_max)) reader.fail("operations", "from 1 to " + std::to_string(operations_max));
  if (!within(mix.requests_at_once, requests_max)) {
    reader.fail("requests_at_once", "from 1 to " + std::to_string(requests_max));
  }
  if (mix.faults_last / mix.operations < one_us)
    reader.fail("faults_last", "at least a microsecond for each operation");
  if (mix.timeout < 10 * one_ms) reader.fail("timeout", "at least \"0.01 s\"");
  constexpr std::int64_t heartbeats_max = 1000;
  if (mix.heartbeats_per_timeout < 1 || mix.heartbeats_per_timeout > heartbeats_max) {
    reader.fail("heartbeats_per_timeout", "from 1 to " + std::to_string(heartbeats_max));
  }
  constexpr std::int64_t drift_max_per_mille = 500;
  if (mix.clock_drift_per_mille < 0 || mix.clock_drift_per_mille > drift_max_per_mille) {
    reader.fail("clock_drift_per_mille", "from 0 to " + std::to_string(drift_max_per_mille));
  }
  return mix;
}

}  // namespace

std::string scenario_to_toml(const Scenario& scenario) {
  TomlWriter writer;
  writer("seed", scenario.seed);
  writer("disturbed", scenario.disturbed);
  if (scenario.named != nullptr) writer.table.insert("scenario", std::string(scenario.named->name));
  writer.table.insert("mix", table_of(scenario.mix));
  if (!scenario.faults.empty()) writer.table.insert("faults", array_of(scenario.faults));
  if (!scenario.left_out.empty()) writer.table.insert("left_out", array_of(scenario.left_out));
  std::ostringstream text;
  text << heading << writer.table << "\n";
  return text.str();
}

Scenario scenario_from_toml(std::string_view text) try {
  const toml::table table = parse_toml_text(text);
  Scenario scenario;
  TomlReader reader(table, "");
  reader("seed", scenario.seed);
  reader("disturbed", scenario.disturbed);
  if (table.contains("scenario")) {
    scenario.named = find_named(reader.text("scenario"));
    if (scenario.named == nullptr) reader.fail("scenario", "a name that lockstep-sim scenarios lists");
  }
  scenario.mix = read_mix(reader.subtable("mix"));
  for (const toml::table* each : reader.subtables("faults")) {
    TomlReader fields(*each, numbered("faults", scenario.faults.size() + 1));
    Fault& fault = scenario.faults.emplace_back();
    fields.time("at", fault.at);
    fault.what = read_unit(fields.text("kind"), fields);
    fields.expect_no_more();
  }
  for (const toml::table* each : reader.subtables("left_out")) {
    TomlReader fields(*each, numbered("left_out", scenario.left_out.size() + 1));
    Turns::fields(scenario.left_out.emplace_back(), fields);
    fields.expect_no_more();
  }
  reader.expect_no_more();
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return scenario;
} catch (const TomlError& error) {
  throw ScenarioError("line " + std::to_string(error.line) + ": " + error.what());
}

}  // namespace lockstep::sim
