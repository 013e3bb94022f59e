// Whole-cluster scenarios with every step directed: what must hold for each of many seeds.
#include "sim/checkers/checkers.h"
#include "sim/world/world.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

constexpr std::uint64_t seeds = 20;

Mix steady() {
  Mix mix;
  mix.operations = 400;
  mix.commands = true;  // the scenario's own: the checkers must not take it for an undisturbed run
  return mix;
}

/// Two nodes in sync under load, `first` the primary.
struct Cluster {
  World world;
  Checkers checkers{world};

  explicit Cluster(std::uint64_t seed) : world(seed, steady(), Random(seed)) {
    world.client().begin(one_second, 4000, 60 * one_second);
    for (const Place place : every_place) world.machine(place).start();
    until(500 * one_ms);
    give(NodeId::first, {io::Verb::prim, false, false});
    until(6 * one_second);
    EXPECT_EQ(status(NodeId::first).role, engine::Role::prim) << "seed " << seed;
    EXPECT_EQ(status(NodeId::second).role, engine::Role::second) << "seed " << seed;
  }
  void until(Time end) { world.run_until(end); }
  void give(NodeId node, io::Command command) { world.node(node).console().give(command); }
  engine::Status status(NodeId node) { return world.node(node).status(); }
  void cut_between_nodes() {
    world.peer_cable().cut(0);
    world.peer_cable().cut(1);
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

TEST(Scenario, AnUnsyncedDiskOfTheSecondaryDelaysThePrimaryNoLongerThanTheTimeout) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    cluster.world.node(NodeId::second).volume().speed().sync_max = 100'000 * one_second;
    cluster.until(16 * one_second);
    EXPECT_EQ(cluster.status(NodeId::first).role, engine::Role::alone) << "seed " << seed;
    EXPECT_LT(cluster.status(NodeId::first).requests_waiting, 10U) << "seed " << seed;
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

TEST(Scenario, AskingASecondaryToBeSecondaryKeepsItReadyToTakeOver) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Cluster cluster(seed);
    cluster.give(NodeId::second, {io::Verb::second, false, false});
    cluster.until(7 * one_second);
    cluster.world.node(NodeId::first).stop(true);
    cluster.until(30 * one_second);
    EXPECT_TRUE(cluster.status(NodeId::second).serves()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lockstep::sim
