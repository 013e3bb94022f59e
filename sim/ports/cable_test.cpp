#include "sim/ports/cable.h"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class Recording : public Machine {
 public:
  Recording(Place place, Scheduler& scheduler, Observer& nobody)
      : Machine(place, scheduler, Random(1), DriftingClock{}, nobody) {}

  std::vector<io::Event> heard;

 protected:
  io::Booted begin_life() override { return {}; }
  void end_life(bool /*power_lost*/) override {}
  void step(io::Event event) override { heard.push_back(std::move(event)); }
};

class CableTest : public testing::Test {
 protected:
  CableTest() {
    left_.start();
    right_.start();
  }
  void run_for(Time length) {
    const Time end = scheduler_.now() + length;
    while (scheduler_.run_one(end)) {
    }
  }
  static std::vector<std::string> frames(const Recording& machine) {
    std::vector<std::string> texts;
    for (const io::Event& event : machine.heard) {
      if (const auto* arrived = std::get_if<io::FrameArrived>(&event)) texts.emplace_back(arrived->frame.text());
    }
    return texts;
  }
  template <typename Kind>
  static long count(const Recording& machine) {
    return std::count_if(machine.heard.begin(), machine.heard.end(),
                         [](const io::Event& event) { return std::holds_alternative<Kind>(event); });
  }
  void send(std::size_t side, const std::string& text) { cable_.send(side, {{}, Buffer::copy_of(text)}); }

  Observer nobody_;
  Scheduler scheduler_{Random(11)};
  Recording left_{Place::first, scheduler_, nobody_};
  Recording right_{Place::second, scheduler_, nobody_};
  Cable cable_{scheduler_, Random(12), {&left_, io::Endpoint::peer}, {&right_, io::Endpoint::peer}};
};

TEST_F(CableTest, CarriesFramesInOrder) {
  run_for(one_second);
  std::vector<std::string> sent;
  for (int i = 0; i < 100; ++i) {
    sent.push_back(std::to_string(i));
    send(0, sent.back());
    if (i % 10 == 0) run_for(one_ms);
  }
  run_for(one_second);
  EXPECT_EQ(frames(right_), sent);
  EXPECT_TRUE(frames(left_).empty());
}

TEST_F(CableTest, WhatWasHeldForABrokenConnectionNeverArrives) {
  for (int i = 0; i < 20; ++i) {
    run_for(one_second);
    cable_.reset(1);  // the left side may not have noticed yet
    cable_.cut(0);
    send(0, "late");
    run_for(30 * one_ms);
    EXPECT_FALSE(cable_.up(1));
    cable_.heal();
    run_for(one_second);
    EXPECT_TRUE(frames(right_).empty()) << i;
  }
}

TEST_F(CableTest, AHealedCutDeliversWhatWasHeldInOrder) {
  run_for(one_second);
  cable_.cut(0);
  for (int i = 0; i < 5; ++i) send(0, std::to_string(i));
  send(1, "the other way");
  run_for(one_second);
  EXPECT_TRUE(frames(right_).empty());
  EXPECT_EQ(frames(left_).size(), 1U);
  cable_.heal();
  send(0, "5");
  run_for(one_second);
  EXPECT_EQ(frames(right_), (std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(count<io::LinkDown>(right_), 0);
}

TEST_F(CableTest, ALongCutBreaksTheConnection) {
  run_for(one_second);
  cable_.cut(0);
  send(0, "lost");
  run_for(20 * one_second);
  EXPECT_EQ(count<io::LinkDown>(left_), 1);
  EXPECT_EQ(count<io::LinkDown>(right_), 1);
  cable_.heal();
  run_for(2 * one_second);
  EXPECT_EQ(count<io::LinkUp>(left_), 2);
  EXPECT_EQ(count<io::LinkUp>(right_), 2);
  EXPECT_TRUE(frames(right_).empty());
}

TEST_F(CableTest, UpAndDownAlternateWhateverHappens) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    switch (random.below(6)) {
      case 0: cable_.break_connection(); break;
      case 1: cable_.cut(random.below(2)); break;
      case 2: cable_.heal(); break;
      case 3: cable_.reset(random.below(2)); break;
      default: send(random.below(2), "x");
    }
    run_for(random.between(0, 300) * one_ms);
  }
  for (const Recording* machine : {&left_, &right_}) {
    bool up = false;
    for (const io::Event& event : machine->heard) {
      if (std::holds_alternative<io::LinkUp>(event)) {
        EXPECT_FALSE(up);
        up = true;
      } else if (std::holds_alternative<io::LinkDown>(event)) {
        EXPECT_TRUE(up);
        up = false;
      } else if (std::holds_alternative<io::FrameArrived>(event)) {
        EXPECT_TRUE(up);
      }
    }
  }
}

TEST_F(CableTest, APausedMachineHearsEverythingLater) {
  run_for(one_second);
  right_.pause();
  send(0, "a");
  run_for(one_second);
  EXPECT_TRUE(frames(right_).empty());
  right_.resume();
  EXPECT_EQ(frames(right_).size(), 1U);
}

TEST_F(CableTest, DamagesFramesByOneBitAndSaysSo) {
  run_for(one_second);
  int told = 0;
  cable_.on_damaged([&](const Cable::End& receiver) { told += receiver.machine == &right_ ? 1 : 0; });
  cable_.weather().damage_one_in = 2;
  for (int i = 0; i < 200; ++i) send(0, "abcdefgh");
  run_for(one_second);
  const std::vector<std::string> found = frames(right_);
  ASSERT_EQ(found.size(), 200U);
  EXPECT_EQ(told,
            std::count_if(found.begin(), found.end(), [](const std::string& text) { return text != "abcdefgh"; }));
  EXPECT_GT(told, 50);
  EXPECT_LT(told, 150);
}

}  // namespace
}  // namespace lockstep::sim
