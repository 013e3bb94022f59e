// A machine for tests of single ports: a perfect clock, and a list of what was delivered.
#pragma once

#include "sim/host.h"

#include <vector>

namespace lockstep::sim {

class FakeHost : public Host {
 public:
  [[nodiscard]] Time now() const override { return scheduler_.now(); }
  [[nodiscard]] Instant local_now() const override { return Instant{now()}; }
  [[nodiscard]] Time true_time(Instant instant) const override { return instant.ns; }
  Random& random() override { return random_; }
  void at(Time when, std::function<void()> action) override {
    scheduler_.at(when, [this, life = life_, action = std::move(action)] {
      if (life == life_) action();
    });
  }
  void deliver(Time when, io::Event event, std::function<bool()> still_valid) override {
    at(when, [this, event = std::move(event), still_valid = std::move(still_valid)] {
      if (!still_valid || still_valid()) delivered.push_back(event);
    });
  }
  void run(Time length = 1000 * one_second) {
    const Time end = now() + length;
    while (scheduler_.run_one(end)) {
    }
  }
  void end_life() { ++life_; }

  std::vector<io::Event> delivered;

 private:
  Scheduler scheduler_{Random(3)};
  Random random_{5};
  std::uint64_t life_ = 0;
};

}  // namespace lockstep::sim
