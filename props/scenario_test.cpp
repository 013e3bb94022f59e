// Whole clusters with every step directed at its time: what must hold for each of many seeds. Scenarios that follow the
// cluster's state instead have names: sim/scenario/named.
#include "engine/cluster/journal_record.h"
#include "sim/checkers/checkers.h"
#include "sim/world/world.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

constexpr std::uint64_t seeds = 20;

Scenario steady(std::uint64_t seed) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.mix.operations = 400;
  scenario.disturbed = true;  // by the test
  return scenario;
}

/// Two nodes in sync under load, `first` the primary.
struct Cluster {
  World world;
  Checkers checkers{world};

  explicit Cluster(std::uint64_t seed) : world(steady(seed)) {
    world.client().begin(one_second, 4000, 60 * one_second);
    for (const Place place : every_place) world.machine(place).start();
    until(500 * one_ms);
    give(NodeId::first, {io::Verb::prim, false, false});
    until(9 * one_second);
    EXPECT_EQ(status(NodeId::first).role, engine::Role::prim) << "seed " << seed;
    EXPECT_EQ(status(NodeId::second).role, engine::Role::second) << "seed " << seed;
  }
  void until(Time end) { world.run_until(end); }
  void give(NodeId node, io::Command command) { world.node(node).console().give(command); }
  engine::Status status(NodeId node) { return world.node(node).status(); }
  void cut_between_nodes() {
    world.cable(Wire::peers).cut(0);
    world.cable(Wire::peers).cut(1);
  }
};

TEST(Scenario, ASwapMovesThePrimaryHoweverLongTheApplicationTakesToStop) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    cluster.give(NodeId::first, {io::Verb::swap, false, false});
    cluster.until(30 * one_second);
    EXPECT_EQ(cluster.status(NodeId::second).role, engine::Role::prim) << "seed " << seed;
    EXPECT_EQ(cluster.status(NodeId::first).role, engine::Role::second) << "seed " << seed;
  }
}

TEST(Scenario, AForcedElectionThatWasRefusedDoesNotHappenLater) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    cluster.give(NodeId::second, {io::Verb::prim, true, false});
    cluster.until(20 * one_second);
    cluster.cut_between_nodes();
    cluster.until(34 * one_second);
    cluster.world.node(NodeId::first).stop(true);
    cluster.until(50 * one_second);
    EXPECT_EQ(cluster.status(NodeId::second).role, engine::Role::wait) << "seed " << seed;
  }
}

// A primary that has lost the other node votes for leaving it out, and loses power before anybody else has voted.
TEST(Scenario, ALeaveThatWasNeverDecidedLosesNothing) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    World& world = cluster.world;
    const auto votes_of = [&](Place place) { return engine::decode_journal(world.journal_of(place))->voter; };
    const auto until = [&](auto condition) {
      const Time limit = world.now() + 10 * one_second;
      while (!condition()) ASSERT_TRUE(world.scheduler().run_one(limit)) << "seed " << seed;
    };
    cluster.cut_between_nodes();
    const engine::Ballot before = votes_of(Place::witness).promised;
    until([&] { return votes_of(Place::witness).promised != before; });
    world.cable(Wire::first_witness).cut(0);
    until([&] { return votes_of(Place::first).accepted.members == Members::only(NodeId::first); });
    ASSERT_EQ(votes_of(Place::witness).accepted.members, Members::both()) << "seed " << seed;
    world.node(NodeId::first).stop(true);
    world.cable(Wire::first_witness).heal();
    world.cable(Wire::peers).heal();
    world.node(NodeId::first).start();
    cluster.until(world.now() + 30 * one_second);
    EXPECT_EQ(cluster.status(NodeId::second).role, engine::Role::prim) << "seed " << seed;
    EXPECT_EQ(cluster.status(NodeId::first).role, engine::Role::second) << "seed " << seed;
  }
}

// The kernel tells of it once, and the process ends before it has heard.
TEST(Scenario, ASyncThatFailsAsTheProcessEndsIsNotForgotten) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    Node& node = cluster.world.node(NodeId::first);
    node.volume().trouble().failing_syncs = 1;
    while (node.volume().failed_syncs() == 0) ASSERT_TRUE(cluster.world.scheduler().run_one(30 * one_second));
    node.stop(false);
    node.start();
    EXPECT_FALSE(node.status().intact) << "seed " << seed;
    cluster.until(cluster.world.now() + 10 * one_second);
    EXPECT_EQ(cluster.status(NodeId::second).role, engine::Role::prim) << "seed " << seed;
    EXPECT_TRUE(node.status().intact) << "seed " << seed;
  }
}

TEST(Scenario, AskingASecondaryToBeSecondaryKeepsItReadyToTakeOver) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    cluster.give(NodeId::second, {io::Verb::second, false, false});
    cluster.until(10 * one_second);
    cluster.world.node(NodeId::first).stop(true);
    cluster.until(30 * one_second);
    EXPECT_TRUE(cluster.status(NodeId::second).serves()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lockstep::sim
