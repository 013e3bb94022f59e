#include "engine/cluster/proposer.h"

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

constexpr Configuration old_value{Epoch(1), NodeId::first, Members::both()};
constexpr Configuration new_value{Epoch(2), NodeId::second, Members::only(NodeId::second)};

Configuration to_new(const Configuration&) { return new_value; }

TEST(Proposer, AMajorityOfPromisesLeadsToAcceptAndAMajorityOfVotesDecides) {
  Proposer proposer(NodeId::second);
  const Ballot ballot = proposer.begin(to_new).ballot;
  EXPECT_FALSE(proposer.receive(VoterId::second, Promise{ballot, Ballot(1), old_value}, {}));
  const auto accept = proposer.receive(VoterId::witness, Promise{ballot, Ballot(0), {}}, {});
  ASSERT_TRUE(accept);
  EXPECT_EQ(accept->value, new_value);
  EXPECT_FALSE(proposer.receive(VoterId::second, Accepted{ballot}));
  EXPECT_FALSE(proposer.receive(VoterId::second, Accepted{ballot})) << "one voter counts once";
  const auto outcome = proposer.receive(VoterId::witness, Accepted{ballot});
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->changed);
  EXPECT_EQ(outcome->decided, new_value);
  EXPECT_FALSE(proposer.busy());
}

TEST(Proposer, TheNewestAcceptedValueIsWhatIsChanged) {
  Proposer proposer(NodeId::first);
  const Ballot ballot = proposer.begin([](const Configuration& current) { return current; }).ballot;
  proposer.receive(VoterId::first, Promise{ballot, Ballot(2), old_value}, {});
  const auto accept = proposer.receive(VoterId::witness, Promise{ballot, Ballot(5), new_value}, {});
  ASSERT_TRUE(accept);
  EXPECT_EQ(accept->value, new_value);
}

TEST(Proposer, WhatTheOwnerKnowsCountsWhereAMajorityHasForgottenIt) {
  Proposer proposer(NodeId::first);
  const Ballot ballot = proposer.begin([](const Configuration& current) { return current; }).ballot;
  proposer.receive(VoterId::first, Promise{ballot, Ballot(2), old_value}, new_value);
  const auto accept = proposer.receive(VoterId::witness, Promise{ballot, Ballot(2), old_value}, new_value);
  ASSERT_TRUE(accept);
  EXPECT_EQ(accept->value, new_value);
  proposer.receive(VoterId::first, Accepted{ballot});
  const auto outcome = proposer.receive(VoterId::witness, Accepted{ballot});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->changed) << "nothing new was decided";
}

TEST(Proposer, AnswersToAnOlderRoundAreIgnored) {
  Proposer proposer(NodeId::first);
  const Ballot first = proposer.begin(to_new).ballot;
  const Ballot second = proposer.again().ballot;
  EXPECT_GT(second, first);
  proposer.receive(VoterId::first, Promise{first, Ballot(0), {}}, {});
  EXPECT_FALSE(proposer.receive(VoterId::witness, Promise{first, Ballot(0), {}}, {}));
}

TEST(Proposer, BallotsRiseAboveEverythingSeen) {
  Proposer proposer(NodeId::first);
  proposer.seen(ballot_of(41, NodeId::second));
  EXPECT_GT(proposer.begin(to_new).ballot, ballot_of(41, NodeId::second));
}

}  // namespace
}  // namespace lockstep::engine
