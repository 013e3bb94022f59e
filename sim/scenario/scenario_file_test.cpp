#include "sim/scenario/scenario_file.h"

#include "sim/scenario/time_text.h"
#include "sim/scenario/words.h"
#include "sim/simulate.h"

#include <limits>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

TEST(ScenarioFileTest, WhatIsWrittenIsReadAsTheSameRun) {
  std::set<std::size_t> kinds;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Choice choice;
    if (seed % 10 == 0) choice.profile = "rot";  // rare in "all"
    const Scenario scenario = draw_scenario(seed, choice);
    for (const Fault& fault : scenario.faults) kinds.insert(fault.what.index());
    const std::string text = scenario_to_toml(scenario);
    const Scenario again = scenario_from_toml(text);
    EXPECT_EQ(scenario_to_toml(again), text);
    EXPECT_EQ(in_words(again), in_words(scenario));
    if (seed > 5) continue;
    EXPECT_EQ(simulate(again).hash, simulate(scenario).hash) << "seed " << seed;
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<decltype(Fault::what)>) << "the seeds draw every kind of fault";
}

TEST(ScenarioFileTest, ANamedScenarioKeepsItsName) {
  const Scenario scenario = draw_scenario(3, {"all", "", "F6"});
  const Scenario again = scenario_from_toml(scenario_to_toml(scenario));
  EXPECT_EQ(again.named, scenario.named);
  EXPECT_EQ(in_words(again), in_words(scenario));
  EXPECT_EQ(simulate(again).hash, simulate(scenario).hash);
}

/// Converts to whatever a field is.
struct Anything {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

template <typename Aggregate, typename... Fields>
constexpr std::size_t fields_of() {
  if constexpr (requires { Aggregate{Fields{}..., Anything{}}; }) return fields_of<Aggregate, Fields..., Anything>();
  return sizeof...(Fields);
}

struct Counter {
  std::size_t listed = 0;
  template <typename T>
  void operator()(std::string_view /*name*/, const T& /*value*/) {
    ++listed;
  }
  void time(std::string_view /*name*/, Time /*value*/) { ++listed; }
};

template <typename Value>
void expect_all_listed(const char* name) {
  const Value value{};
  Counter counter;
  Value::fields(value, counter);
  EXPECT_GE(counter.listed, fields_of<Value>()) << name << " has a field that fields() does not list";
}

template <std::size_t Index = 0>
void expect_all_units_listed() {
  using Unit = decltype(Fault::what);
  if constexpr (Index < std::variant_size_v<Unit>) {
    using Kind = std::variant_alternative_t<Index, Unit>;
    expect_all_listed<Kind>(std::string(Kind::kind).c_str());
    expect_all_units_listed<Index + 1>();
  }
}

TEST(ScenarioFileTest, EveryFieldIsListed) {
  expect_all_listed<Mix>("Mix");
  expect_all_listed<Turns>("Turns");
  expect_all_units_listed();
  EXPECT_EQ(fields_of<Cut>(), 4U);
}

TEST(ScenarioFileTest, KeepsLargeSeedsAndWhatIsLeftOut) {
  Scenario scenario;
  scenario.seed = std::numeric_limits<std::uint64_t>::max();
  scenario.left_out = {{0, 3, 4}, {1, 0, Turns::open_end}};
  const Scenario again = scenario_from_toml(scenario_to_toml(scenario));
  EXPECT_EQ(again.seed, scenario.seed);
  ASSERT_EQ(again.left_out.size(), 2U);
  EXPECT_EQ(again.left_out[0].last, 4U);
  EXPECT_EQ(again.left_out[1].last, Turns::open_end);
}

std::string error_of(const std::string& text) {
  try {
    (void)scenario_from_toml(text);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

/// A good file with `from` replaced.
std::string error_with(const std::string& from, const std::string& to) {
  Scenario scenario;
  scenario.faults = {{4 * one_second, Reset{Wire::peers}}, {5 * one_second, Pause{Place::witness, one_second}}};
  std::string text = scenario_to_toml(scenario);
  EXPECT_EQ(error_of(text), "accepted");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in\n" << text;
  return error_of(text.replace(at, from.size(), to));
}

testing::AssertionResult says(const std::string& text, const std::string& part) {
  const bool there = text.find("line ") == 0 && text.find(part) != std::string::npos;
  return there ? testing::AssertionSuccess() : testing::AssertionFailure() << text;
}

TEST(ScenarioFileTest, ABadFileIsToldWhereAndWhat) {
  EXPECT_TRUE(says(error_with("seed = 0", "seed = "), "line"));
  EXPECT_TRUE(says(error_with("seed = 0", "seed = -1"), "seed must be a whole number from 0"));
  EXPECT_TRUE(says(error_with("seed = 0\n", ""), "seed is missing"));
  EXPECT_TRUE(says(error_with("disturbed", "disturb"), "disturb"));
  EXPECT_TRUE(says(error_with("first - second", "first - third"), "faults[1].wire must be one of first - witness"));
  EXPECT_TRUE(says(error_with("kind = 'pause'", "kind = 'nap'"), "faults[2].kind must be one of slow"));
  EXPECT_TRUE(says(error_with("length = '1 s'", "length = 1"), "faults[2].length must be a time"));
  EXPECT_TRUE(says(error_with("length = '1 s'", "len = '1 s'"), "faults[2].length is missing"));
  EXPECT_TRUE(says(error_with("place = 'witness'", "place = 'witness'\nwhy = 1"), "faults[2].why is no field"));
  EXPECT_TRUE(says(error_with("operations = 200", "operations = 0"), "mix.operations must be from 1 to"));
  EXPECT_TRUE(says(error_with("faults_last = '30 s'", "faults_last = '0 s'"), "mix.faults_last must be at least"));
  EXPECT_TRUE(says(error_with("heartbeats_per_timeout = 10", "heartbeats_per_timeout = 0"),
                   "mix.heartbeats_per_timeout must be from 1 to 1000"));
  EXPECT_TRUE(says(error_with("seed = 0", "seed = \xEF\xBB\x86"), "stand only in quotes"));
}

TEST(TimeTextTest, IsExactBothWays) {
  for (const Time time : {Time{0}, Time{1}, one_second, 2'500 * one_ms, Time{12'345'678'901}, written_time_max}) {
    EXPECT_EQ(time_from_text(text_of(time)), time) << text_of(time);
  }
  EXPECT_EQ(text_of(2'500 * one_ms), "2.5 s");
  EXPECT_EQ(time_from_text("1.50 s"), 1'500 * one_ms);
  for (const char* wrong : {"", "s", " s", "1", "1s", "-1 s", "1. s", "1.-5 s", "1.0000000001 s",
                            "99999999999999999999 s", "86401 s", "1e3 s"}) {
    EXPECT_FALSE(time_from_text(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace lockstep::sim
