// One number that crashes or hangs does not take the others with it.
#include "sim/program/workers.h"

#include <cstdlib>
#include <map>
#include <thread>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

std::map<std::uint64_t, Outcome> outcomes_of(std::uint64_t count, unsigned processes,
                                             const std::function<std::string(std::uint64_t)>& job) {
  std::map<std::uint64_t, Outcome> outcomes;
  std::uint64_t last = 0;
  work_off({[&]() -> std::optional<std::uint64_t> {
              if (last == count) return std::nullopt;
              return ++last;
            },
            job,
            [&](const Outcome& outcome) {
              EXPECT_TRUE(outcomes.emplace(outcome.number, outcome).second) << "two outcomes of " << outcome.number;
            }},
           {processes, std::chrono::seconds(1)});
  return outcomes;
}

TEST(Workers, GiveEachNumberItsResult) {
  const auto outcomes = outcomes_of(500, 3, [](std::uint64_t n) { return std::string(n * 100, 'x'); });
  ASSERT_EQ(outcomes.size(), 500U);
  for (const auto& [number, outcome] : outcomes) {
    EXPECT_EQ(outcome.kind, Outcome::Kind::finished);
    EXPECT_EQ(outcome.text.size(), number * 100);
  }
}

TEST(Workers, ReportWhatCrashesAndHangsAndGoOn) {
  const auto outcomes = outcomes_of(20, 2, [](std::uint64_t n) -> std::string {
    if (n == 3) std::abort();
    if (n == 4) std::_Exit(7);
    if (n == 5) std::this_thread::sleep_for(std::chrono::hours(1));
    return "done";
  });
  ASSERT_EQ(outcomes.size(), 20U);
  EXPECT_EQ(outcomes.at(3).kind, Outcome::Kind::crashed);
  EXPECT_EQ(outcomes.at(3).text, "the program was ended by a signal: Aborted");
  EXPECT_EQ(outcomes.at(4).text, "the program ended by itself with status 7");
  EXPECT_EQ(outcomes.at(5).kind, Outcome::Kind::hung);
  EXPECT_EQ(outcomes.at(5).text, "no result within 1 s of real time");
  for (const std::uint64_t number : {1, 2, 6, 20}) EXPECT_EQ(outcomes.at(number).text, "done");
}

TEST(Workers, WhereThereIsNothingToDoDoNothing) {
  EXPECT_TRUE(outcomes_of(0, 4, [](std::uint64_t) { return ""; }).empty());
}

}  // namespace
}  // namespace lockstep::sim
