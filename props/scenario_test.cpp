// Whole clusters with every step directed at its time: what must hold for each of many seeds. Scenarios that follow the
// cluster's state instead have names: sim/scenario/named.
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
