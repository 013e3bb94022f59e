#include "engine/cluster/role_machine.h"

#include "engine/cluster/role_actions.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

struct RoleMachineTest : ::testing::Test, role::Actions {
  std::vector<std::string> calls;
  bool peer = false;
  bool run = true;
  RoleMachine machine{*this};

  void start_service() override { calls.emplace_back("start"); }
  void stop_service() override { calls.emplace_back("stop"); }
  void abort_service() override { calls.emplace_back("abort"); }
  bool peer_in_sync() const override { return peer; }
  bool wants_to_run() const override { return run; }
  void unknown_transition(std::string_view state, std::string_view event) override {
    calls.push_back("unknown " + std::string(state) + " " + std::string(event));
  }
  void after(std::initializer_list<RoleEvent> events) {
    for (const RoleEvent event : events) machine.process(event);
  }
};

TEST_F(RoleMachineTest, BeginsInStop) { EXPECT_EQ(machine.state(), RoleState::stopped); }

TEST_F(RoleMachineTest, AnElectedNodeStartsTheServiceAndServesAlone) {
  after({RoleEvent::start_requested, RoleEvent::elected});
  EXPECT_EQ(machine.state(), RoleState::promoting);
  EXPECT_EQ(calls, std::vector<std::string>{"start"});
  after({RoleEvent::service_ready});
  EXPECT_EQ(machine.state(), RoleState::alone);
  after({RoleEvent::peer_admitted});
  EXPECT_EQ(machine.state(), RoleState::prim);
  after({RoleEvent::peer_left});
  EXPECT_EQ(machine.state(), RoleState::alone);
}

TEST_F(RoleMachineTest, WithThePeerInSyncItBecomesPrimAtOnce) {
  peer = true;
  after({RoleEvent::start_requested, RoleEvent::elected, RoleEvent::service_ready});
  EXPECT_EQ(machine.state(), RoleState::prim);
}

TEST_F(RoleMachineTest, LosingTheLeaseAborts) {
  after({RoleEvent::start_requested, RoleEvent::elected, RoleEvent::service_ready, RoleEvent::lease_lost});
  EXPECT_EQ(machine.state(), RoleState::demoting);
  EXPECT_EQ(calls.back(), "abort");
  after({RoleEvent::stepped_down});
  EXPECT_EQ(machine.state(), RoleState::waiting);
}

TEST_F(RoleMachineTest, AStoppedNodeStaysStopped) {
  after({RoleEvent::start_requested, RoleEvent::elected, RoleEvent::service_ready, RoleEvent::step_down});
  EXPECT_EQ(calls.back(), "stop");
  run = false;
  after({RoleEvent::stepped_down});
  EXPECT_EQ(machine.state(), RoleState::stopped);
}

TEST_F(RoleMachineTest, AnUnknownEventIsReported) {
  after({RoleEvent::admitted});
  EXPECT_EQ(calls, std::vector<std::string>{"unknown Stopped Admitted"});
  EXPECT_EQ(machine.state(), RoleState::stopped);
}

}  // namespace
}  // namespace lockstep::engine
