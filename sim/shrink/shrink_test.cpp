#include "sim/shrink/shrink.h"

#include "sim/planted/planted.h"
#include "sim/scenario/scenario_file.h"
#include "sim/shrink/smaller.h"
#include "sim/simulate.h"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

// Planted bugs cannot be switched off again: CTest runs each case in a process of its own.
Scenario failing_with(const char* plant, RunResult& result, std::uint64_t first_seed = 1) {
  EXPECT_TRUE(plant_by_name(plant));
  for (std::uint64_t seed = first_seed; seed <= 2000; ++seed) {
    Scenario scenario = draw_scenario(seed, {});
    if (scenario.faults.size() < 4) continue;  // something is to be left out
    result = simulate(scenario);
    if (result.violation) return scenario;
  }
  ADD_FAILURE() << "no seed sees " << plant;
  return {};
}

std::size_t operations_left(const Shrunk& shrunk) {
  std::size_t left = 0;
  for (std::uint32_t worker = 0; worker < shrunk.result.turns.size(); ++worker) {
    for (std::uint32_t turn = 0; turn < shrunk.result.turns[worker]; ++turn) {
      left += std::none_of(shrunk.scenario.left_out.begin(), shrunk.scenario.left_out.end(),
                           [&](const Turns& turns) { return turns.contains(worker, turn); });
    }
  }
  return left;
}

void expect_smaller(const Scenario& scenario, const RunResult& result, std::size_t faults_max,
                    std::size_t operations_max, std::size_t& least) {
  const Shrunk shrunk = shrink(scenario, result, {3000, [] { return false; }});
  least = std::min(least, shrunk.scenario.faults.size());
  EXPECT_LE(shrunk.scenario.faults.size(), faults_max);
  EXPECT_LT(shrunk.scenario.faults.size(), scenario.faults.size());
  EXPECT_LE(operations_left(shrunk), operations_max);
  // Written down and read again it is the same run.
  const RunResult again = simulate(scenario_from_toml(scenario_to_toml(shrunk.scenario)));
  ASSERT_TRUE(again.violation);
  EXPECT_EQ(again.violation->invariant(), result.violation->invariant());
  EXPECT_EQ(again.hash, shrunk.result.hash);
}

/// What is left is a minimum of its neighbourhood: some seeds come closer to the least possible than others.
void expect_small(const char* plant, std::size_t faults_least, std::size_t faults_max, std::size_t operations_max) {
  std::size_t least = SIZE_MAX;
  std::uint64_t seed = 0;
  for (int i = 0; i < 4; ++i) {
    RunResult result;
    const Scenario scenario = failing_with(plant, result, seed + 1);
    ASSERT_TRUE(result.violation);
    seed = scenario.seed;
    SCOPED_TRACE(seed);
    expect_smaller(scenario, result, faults_max, operations_max, least);
  }
  EXPECT_LE(least, faults_least);
}

TEST(ShrinkTest, AWriteAcknowledgedTooEarlyNeedsNoFaultAndOneOperation) {
  expect_small("acknowledge-before-peer", 0, 1, 3);
}

TEST(ShrinkTest, AStalePromotionNeedsTwoFaults) { expect_small("promote-while-stale", 2, 4, 8); }

TEST(ShrinkTest, KeepsToTheLimitOnRuns) {
  RunResult result;
  const Scenario scenario = failing_with("accept-older-ballot", result);
  const Shrunk shrunk = shrink(scenario, result, {5, [] { return false; }});
  EXPECT_EQ(shrunk.runs, 5U);
  EXPECT_FALSE(shrunk.finished);
  const Shrunk none = shrink(scenario, result, {1000, [] { return true; }});
  EXPECT_EQ(none.runs, 0U);
  EXPECT_EQ(scenario_to_toml(none.scenario), scenario_to_toml(scenario));
}

TEST(ShrinkTest, WhatComesAfterTheViolationChangesNothing) {
  RunResult result;
  const Scenario scenario = failing_with("keep-writing-without-lease", result);
  const Scenario cut = without_later_turns(without_later_faults(scenario, result), result);
  EXPECT_EQ(simulate(cut).hash, result.hash);
  EXPECT_LT(cut.mix.faults_last, scenario.mix.faults_last);
}

TEST(ShrinkTest, UsersAskForNothingInTurnsThatAreLeftOut) {
  Scenario scenario = draw_scenario(4, {"calm", ""});
  const std::uint64_t all = simulate(scenario).acknowledged;
  scenario.left_out = {{0, 0, Turns::open_end}};
  const std::uint64_t without_one = simulate(scenario).acknowledged;
  scenario.left_out.clear();
  for (std::uint32_t worker = 0; worker < scenario.mix.requests_at_once; ++worker) {
    scenario.left_out.push_back({worker, 0, Turns::open_end});
  }
  EXPECT_LT(without_one, all);
  EXPECT_EQ(simulate(scenario).acknowledged, 0U);
}

}  // namespace
}  // namespace lockstep::sim
