#include "engine/cluster/voter.h"

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

constexpr Instant start{1'000'000'000};
constexpr Configuration ours{Epoch(1), NodeId::first, Members::both()};

struct VoterTest : ::testing::Test {
  Settings settings;
  Voter voter{settings, VoterRecord{}, start};
  // After this nothing that a restart may have forgotten can be running.
  Instant later = start + settings.timeout * 2;

  static bool refused(const Message& answer) { return std::holds_alternative<Refused>(answer); }
};

TEST_F(VoterTest, AfterARestartNothingIsVotedUntilForgottenGrantsHaveRunOut) {
  EXPECT_TRUE(refused(voter.prepare(NodeId::second, Prepare{ballot_of(1, NodeId::second)}, start)));
  EXPECT_FALSE(refused(voter.prepare(NodeId::second, Prepare{ballot_of(1, NodeId::second)}, later)));
}

TEST_F(VoterTest, TheHolderOfTheLeaseIsVotedForEvenThen) {
  ASSERT_TRUE(voter.grant_lease(NodeId::first, ours, start));
  EXPECT_FALSE(refused(voter.prepare(NodeId::first, Prepare{ballot_of(1, NodeId::first)}, start)));
}

TEST_F(VoterTest, NobodyElseIsVotedForWhileTheLeaseRuns) {
  ASSERT_TRUE(voter.grant_lease(NodeId::first, ours, later));
  EXPECT_TRUE(refused(voter.prepare(NodeId::second, Prepare{ballot_of(9, NodeId::second)}, later + settings.timeout)));
  const Instant after = later + settings.timeout + Duration{settings.timeout.ns / 50};
  EXPECT_FALSE(refused(voter.prepare(NodeId::second, Prepare{ballot_of(9, NodeId::second)}, after)));
}

TEST_F(VoterTest, APromiseBindsAgainstOlderBallots) {
  ASSERT_FALSE(refused(voter.prepare(NodeId::second, Prepare{ballot_of(5, NodeId::second)}, later)));
  EXPECT_TRUE(refused(voter.prepare(NodeId::first, Prepare{ballot_of(4, NodeId::first)}, later)));
  EXPECT_TRUE(refused(voter.accept(NodeId::first, Accept{ballot_of(4, NodeId::first), ours}, later)));
  EXPECT_FALSE(refused(voter.accept(NodeId::second, Accept{ballot_of(5, NodeId::second), ours}, later)));
  EXPECT_EQ(voter.record().accepted, ours);
}

TEST_F(VoterTest, APromiseCarriesWhatWasAccepted) {
  voter.accept(NodeId::first, Accept{ballot_of(1, NodeId::first), ours}, later);
  const Message answer = voter.prepare(NodeId::second, Prepare{ballot_of(2, NodeId::second)}, later);
  ASSERT_TRUE(std::holds_alternative<Promise>(answer));
  EXPECT_EQ(std::get<Promise>(answer).accepted, ours);
  EXPECT_EQ(std::get<Promise>(answer).accepted_ballot, ballot_of(1, NodeId::first));
}

TEST_F(VoterTest, WhoHasForgottenSomethingVotesInForcedElectionsOnly) {
  const Configuration forced{Epoch(65'536), NodeId::first, Members::only(NodeId::first)};
  const Ballot ballot = ballot_of(70'000, NodeId::first);
  const Ballot ordinary = ballot_of(70'001, NodeId::first);
  voter.set_suffrage(Suffrage::forced_elections);
  EXPECT_TRUE(refused(voter.prepare(NodeId::first, Prepare{ballot_of(1, NodeId::first), false}, later)));
  EXPECT_TRUE(refused(voter.accept(NodeId::first, Accept{ballot, forced}, later))) << "not promised to anybody";
  EXPECT_FALSE(refused(voter.prepare(NodeId::first, Prepare{ballot, true}, later)));
  EXPECT_TRUE(refused(voter.prepare(NodeId::first, Prepare{ordinary, false}, later))) << "that one is not forced";
  EXPECT_TRUE(refused(voter.accept(NodeId::first, Accept{ordinary, ours}, later)));
  EXPECT_FALSE(voter.grant_lease(NodeId::first, ours, later));
  EXPECT_FALSE(refused(voter.accept(NodeId::first, Accept{ballot, forced}, later)));
  voter.set_suffrage(Suffrage::none);
  EXPECT_TRUE(refused(voter.prepare(NodeId::first, Prepare{ballot_of(80'000, NodeId::first), true}, later)));
}

TEST_F(VoterTest, ALeaseIsNotGrantedAgainstANewerConfiguration) {
  const Configuration theirs{Epoch(2), NodeId::second, Members::only(NodeId::second)};
  voter.accept(NodeId::second, Accept{ballot_of(1, NodeId::second), theirs}, later);
  EXPECT_FALSE(voter.grant_lease(NodeId::first, ours, later));
  EXPECT_TRUE(voter.grant_lease(NodeId::second, theirs, later));
}

}  // namespace
}  // namespace lockstep::engine
