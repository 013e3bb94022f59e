#include "sim/fake_host.h"
#include "sim/ports/application.h"
#include "sim/ports/journal.h"
#include "sim/ports/mount.h"
#include "sim/ports/timers.h"
#include "sim/ports/touch_log.h"
#include "sim/violation.h"
#include "sim/world/clock.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

TEST(JournalTest, IsDurableWhenItSaysSo) {
  FakeHost host;
  SimJournal journal(host, Random(1), [](const Buffer&) {});
  journal.store(Ticket(1), Buffer::copy_of("one"));
  journal.store(Ticket(2), Buffer::copy_of("two"));
  EXPECT_TRUE(journal.durable().empty());
  host.run();
  ASSERT_EQ(host.delivered.size(), 2U);
  EXPECT_EQ(std::get<io::JournalStored>(host.delivered[0]).ticket, Ticket(1));
  EXPECT_EQ(journal.durable().text(), "two");
}

TEST(JournalTest, ACrashLeavesTheOldRecordOrOneOnItsWay) {
  bool kept = false;
  bool landed = false;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    FakeHost host;
    SimJournal journal(host, Random(seed), [](const Buffer&) {});
    journal.store(Ticket(1), Buffer::copy_of("old"));
    host.run();
    journal.store(Ticket(2), Buffer::copy_of("new"));
    host.end_life();
    journal.process_ended();
    host.run();
    kept |= journal.durable().text() == "old";
    landed |= journal.durable().text() == "new";
  }
  EXPECT_TRUE(kept && landed);
}

TEST(TouchLogTest, ACrashLeavesWhatWasConfirmedAndTheOldestOfWhatWasOnItsWay) {
  std::set<std::string> left;
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    FakeHost host;
    SimTouchLog log(host, Random(seed), [] {});
    log.replace(Ticket(1), Buffer::copy_of("a"));
    host.run();
    ASSERT_EQ(std::get<io::TouchesLogged>(host.delivered.at(0)).ticket, Ticket(1));
    log.append(Ticket(2), Buffer::copy_of("b"));
    log.replace(Ticket(3), Buffer::copy_of("c"));
    host.end_life();
    log.process_ended(false);
    EXPECT_TRUE(log.durable().readable);
    left.insert(std::string(log.durable().records.text()));
  }
  EXPECT_EQ(left, (std::set<std::string>{"a", "ab", "c"}));
}

TEST(TimersTest, ArmingAgainMovesAndCancelDrops) {
  FakeHost host;
  SimTimers timers(host, Random(1));
  timers.arm(io::TimerId::heartbeat, Instant{10 * one_ms});
  timers.arm(io::TimerId::heartbeat, Instant{500 * one_ms});
  timers.arm(io::TimerId::resync, Instant{10 * one_ms});
  timers.cancel(io::TimerId::resync);
  host.run(100 * one_ms);
  EXPECT_TRUE(host.delivered.empty());
  host.run(one_second);
  EXPECT_EQ(host.delivered.size(), 1U);
}

TEST(ApplicationTest, AKillEndsTheRunningPhaseWithoutItsEvent) {
  FakeHost host;
  SimApplication application(host, Random(1));
  application.run(Ticket(1), io::Phase::start);
  application.run(Ticket(2), io::Phase::kill);
  host.run();
  ASSERT_EQ(host.delivered.size(), 1U);
  EXPECT_EQ(std::get<io::PhaseEnded>(host.delivered[0]).ticket, Ticket(2));
  EXPECT_FALSE(application.alive());
}

TEST(ApplicationTest, ASecondStopEndsTheFirstAndTheApplicationThatHangs) {
  FakeHost host;
  SimApplication application(host, Random(1));
  application.run(Ticket(1), io::Phase::start);
  host.run();
  application.hang();
  host.delivered.clear();
  application.run(Ticket(2), io::Phase::stop);
  host.run();
  EXPECT_TRUE(host.delivered.empty());
  EXPECT_TRUE(application.alive());
  application.run(Ticket(3), io::Phase::force_stop);
  host.run();
  ASSERT_EQ(host.delivered.size(), 1U);
  EXPECT_EQ(std::get<io::PhaseEnded>(host.delivered[0]).ticket, Ticket(3));
  EXPECT_FALSE(application.alive());
}

io::PhaseEnded run_phase(FakeHost& host, SimApplication& application, io::Phase phase) {
  host.delivered.clear();
  application.run(Ticket(1), phase);
  host.run();
  return host.delivered.empty() ? io::PhaseEnded{} : std::get<io::PhaseEnded>(host.delivered.front());
}

TEST(ApplicationTest, GoesWrongAsItIsTold) {
  FakeHost host;
  SimApplication application(host, Random(2));
  application.set_conduct(io::Phase::start, Conduct::lies);
  EXPECT_TRUE(run_phase(host, application, io::Phase::start).succeeded);
  EXPECT_FALSE(application.alive());
  application.set_conduct(io::Phase::start, Conduct::fails);
  EXPECT_FALSE(run_phase(host, application, io::Phase::start).succeeded);
  EXPECT_TRUE(application.alive());
  application.set_conduct(io::Phase::stop, Conduct::lies);
  EXPECT_TRUE(run_phase(host, application, io::Phase::stop).succeeded);
  EXPECT_TRUE(application.alive());
  application.set_conduct(io::Phase::poststop, Conduct::hangs);
  run_phase(host, application, io::Phase::poststop);
  EXPECT_TRUE(host.delivered.empty());
  application.behave();
  application.run(Ticket(2), io::Phase::kill);
  host.run();
  EXPECT_FALSE(application.alive());
}

TEST(MountTest, ClosingAbortsAndAnswersOnce) {
  struct User : MountUser {
    void replied(RequestId, const io::Reply&) override { ++replies; }
    void aborted(RequestId) override { ++aborts; }
    int replies = 0;
    int aborts = 0;
  };
  install_check_handler();
  FakeHost host;
  User user;
  SimMount mount(host, Random(1));
  mount.set_user(&user);
  mount.open();
  host.run();
  mount.request(RequestId(1), {});
  mount.request(RequestId(2), {});
  host.run();
  mount.reply(RequestId(1), {});
  EXPECT_THROW(mount.reply(RequestId(1), {}), Violation);
  mount.close();
  EXPECT_EQ(user.replies, 1);
  EXPECT_EQ(user.aborts, 1);
  mount.reply(RequestId(2), {});
  EXPECT_EQ(user.replies, 1);
}

TEST(ClockTest, ADeadlineIsNeverEarly) {
  for (const std::int64_t ppm : {-5000, -1, 0, 3, 5000}) {
    const DriftingClock clock{123'456'789, ppm};
    for (Time t = 0; t < 100 * one_second; t += 7'777'777'777) {
      const Instant shown = clock.at(t);
      EXPECT_GE(clock.at(clock.true_time(shown)), shown);
      EXPECT_LT(clock.at(clock.true_time(shown) - 1), shown);
    }
  }
}

TEST(CheckHandlerTest, NamesTheInvariantOfTheText) {
  install_check_handler();
  forget_violations();
  try {
    LOCKSTEP_CHECK(false, "I13: goes back");
  } catch (const Violation& violation) {
    EXPECT_EQ(violation.invariant(), "I13");
  }
  try {
    LOCKSTEP_CHECK(false, "Indeed: no");
  } catch (const Violation& violation) {
    EXPECT_EQ(violation.invariant(), "CHECK");
  }
  ASSERT_NE(first_violation(), nullptr);
  EXPECT_EQ(first_violation()->invariant(), "I13");
}

}  // namespace
}  // namespace lockstep::sim
