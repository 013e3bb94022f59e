#include "sim/coverage/coverage.h"

#include "engine/marks.h"
#include "sim/coverage/judge.h"
#include "sim/simulate.h"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

std::uint64_t hits_of(const Coverage& coverage, const std::string& name) {
  for (const CoveragePoint& point : coverage.points()) {
    if (point.name == name) return point.hits;
  }
  ADD_FAILURE() << "no point is named " << name;
  return 0;
}

constexpr auto lease_runs_out = static_cast<std::uint16_t>(engine::Mark::lease_runs_out);

TEST(Coverage, CountsMarksAndRowsInternalOnesIncluded) {
  Coverage coverage;
  coverage.traced(Place::first, io::Mark{"lease_runs_out", lease_runs_out});
  coverage.traced(Place::second, io::Mark{"lease_runs_out", lease_runs_out});
  coverage.traced(Place::first, io::RoleChanged{"Alone", "Alone", "PeerLeft"});
  EXPECT_EQ(hits_of(coverage, "mark lease_runs_out"), 2U);
  EXPECT_EQ(hits_of(coverage, "row Alone --PeerLeft--> Alone"), 1U);
  EXPECT_EQ(hits_of(coverage, "row Waiting --Elected--> Promoting"), 0U);
}

TEST(Coverage, TravelsBetweenProcessesAsText) {
  Coverage one;
  one.traced(Place::first, io::Mark{"lease_runs_out", lease_runs_out});
  Coverage sum;
  sum.add(one.hits_as_text());
  sum.add(one.hits_as_text());
  EXPECT_EQ(hits_of(sum, "mark lease_runs_out"), 2U);
  EXPECT_THROW(sum.add("1 2 3"), std::invalid_argument);
}

TEST(Coverage, IsJudgedByWhatIsMissedAndByExemptionsThatDoNotHold) {
  Coverage coverage;
  Exemptions all;
  for (const CoveragePoint& point : coverage.points()) all.emplace(point.name, Reach::never);
  EXPECT_TRUE(judge(coverage, all).complete());
  all.erase("mark lease_runs_out");
  EXPECT_EQ(judge(coverage, all).missed.at(0).name, "mark lease_runs_out");
  coverage.traced(Place::first, io::Mark{"lease_runs_out", lease_runs_out});
  EXPECT_TRUE(judge(coverage, all).complete());
  all.emplace("mark lease_runs_out", Reach::never);
  all.emplace("mark no_such_mark", Reach::rare);
  const std::vector<std::string> stale{"mark lease_runs_out", "mark no_such_mark"};
  EXPECT_EQ(judge(coverage, all).stale, stale);
  all["mark lease_runs_out"] = Reach::rare;
  all.erase("mark no_such_mark");
  EXPECT_TRUE(judge(coverage, all).complete());
}

// The run that all marks are asked of (ci/test) has a third vote.
TEST(Coverage, ClustersWithoutAThirdVoteReachTheMarksThatAreExemptedForThem) {
  constexpr std::uint64_t seeds = 200;
  Coverage coverage;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    simulate(draw_scenario(seed, {"isolation", "", ""}), [&](World& world) { world.observers().add(coverage); });
  }
  for (const MarkExemption& each : exempted_marks) {
    if (each.why != needs_no_third_vote) continue;
    const std::string_view mark = engine::marks[static_cast<std::size_t>(each.mark)].name;
    EXPECT_GT(hits_of(coverage, mark_name(mark)), 0U) << mark;
  }
}

}  // namespace
}  // namespace lockstep::sim
