#include "sim/simulate.h"

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
  for (const char* profile : {"all", "calm", "network", "crash", "power", "pause", "commands"}) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      const RunResult result = simulate(seed, {profile, ""}, nullptr);
      EXPECT_FALSE(result.violation.has_value())
          << profile << " seed " << seed << ": " << result.violation->invariant() << " " << result.violation->text();
    }
  }
}

TEST(SimulateTest, UnknownNamesAreRefused) {
  EXPECT_FALSE(valid({"nonsense", ""}));
  EXPECT_FALSE(valid({"all", "nonsense"}));
  EXPECT_TRUE(valid({"all", "commit"}));
}

}  // namespace
}  // namespace lockstep::sim
