#include "sim/simulate.h"

#include "sim/scenario/named/named.h"

#include <sstream>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

TEST(SimulateTest, ASeedIsOneRun) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult once = simulate(seed, {}, nullptr);
    const RunResult again = simulate(seed, {}, nullptr);
    EXPECT_EQ(once.hash, again.hash) << "seed " << seed;
    EXPECT_EQ(once.events, again.events);
  }
  EXPECT_NE(simulate(1, {}, nullptr).hash, simulate(2, {}, nullptr).hash);
}

TEST(SimulateTest, TheEventLogChangesNothing) {
  std::ostringstream log;
  EXPECT_EQ(simulate(3, {}, &log).hash, simulate(3, {}, nullptr).hash);
  EXPECT_FALSE(log.str().empty());
}

TEST(SimulateTest, EveryProfileRunsClean) {
  for (const char* profile : {"all", "calm", "network", "crash", "power", "pause", "commands", "disk", "application",
                              "forced", "rot", "isolation"}) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      const RunResult result = simulate(seed, {profile, "", ""}, nullptr);
      EXPECT_FALSE(result.violation.has_value())
          << profile << " seed " << seed << ": " << result.violation->invariant() << " " << result.violation->text();
    }
  }
}

TEST(SimulateTest, ANamedScenarioIsOneRunAndItsLogChangesNothing) {
  for (const NamedScenario* named : named_scenarios()) {
    if (named->seeds < 100) continue;  // the slow ones take the same way
    const Choice choice{"all", "", std::string(named->name)};
    std::ostringstream log;
    EXPECT_EQ(simulate(1, choice, &log).hash, simulate(1, choice, nullptr).hash) << named->name;
    EXPECT_NE(log.str().find("script"), std::string::npos) << named->name;
  }
}

TEST(SimulateTest, AScenarioThatDoesNotComeAboutSaysSo) {
  const NamedScenario never{.name = "F0", .title = "", .finds = "", .direct = [](Director& director) {
                              director.at_frame(way(NodeId::first, NodeId::second), any<engine::Attach>(), [] {});
                              director.need(
                                  "two nodes serve",
                                  [&] { return director.serves(NodeId::first) && director.serves(NodeId::second); },
                                  one_second);
                            }};
  Scenario scenario = draw_scenario(1, {"calm", "", ""});
  scenario.named = &never;
  const RunResult result = simulate(scenario);
  EXPECT_FALSE(result.violation.has_value());
  EXPECT_EQ(result.not_reached, "two nodes serve");
}

TEST(SimulateTest, AScenarioThatSeesWhatMustNotBeBreaksItsInvariant) {
  const NamedScenario wrong{.name = "F0", .title = "", .finds = "", .direct = [](Director& director) {
                              director.come_up();
                              director.must(
                                  "I9", "nobody serves",
                                  [&] { return !director.serves(NodeId::first) && !director.serves(NodeId::second); },
                                  one_second);
                            }};
  Scenario scenario = draw_scenario(1, {"calm", "", ""});
  scenario.named = &wrong;
  const RunResult result = simulate(scenario);
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->invariant(), "I9");
}

TEST(SimulateTest, UnknownNamesAreRefused) {
  EXPECT_FALSE(valid({"all", "", "F0"}));
  EXPECT_TRUE(valid({"all", "commit", "F3"}));
  EXPECT_FALSE(valid({"nonsense", "", ""}));
  EXPECT_FALSE(valid({"all", "nonsense", ""}));
  EXPECT_TRUE(valid({"all", "commit", ""}));
}

}  // namespace
}  // namespace lockstep::sim
