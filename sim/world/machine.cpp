#include "sim/world/machine.h"

#include <algorithm>
#include <utility>

namespace lockstep::sim {

void Machine::at(Time when, std::function<void()> action) {
  scheduler_.at(when, [this, life = life_, action = std::move(action)] {
    if (running_ && life == life_) action();
  });
}

void Machine::deliver(Time when, io::Event event, std::function<bool()> still_valid) {
  at(when, [this, waiting = Waiting{std::move(event), std::move(still_valid)}]() mutable {
    if (paused_) {
      backlog_.push_back(std::move(waiting));
    } else {
      hand_over(std::move(waiting));
    }
  });
}

void Machine::hand_over(Waiting waiting) {
  if (waiting.still_valid && !waiting.still_valid()) return;
  observer_.delivering(place_, waiting.event);
  step(std::move(waiting.event));
  observer_.stepped(place_);
}

void Machine::start() {
  if (running_) return;
  ++life_;
  running_ = true;
  paused_ = false;
  backlog_.clear();
  hand_over({begin_life(), {}});
}

void Machine::stop(bool power_lost) {
  if (running_ || power_lost) {
    running_ = false;
    paused_ = false;
    backlog_.clear();
    end_life(power_lost);
    observer_.stopped(place_, power_lost);
  }
}

void Machine::resume() {
  if (!paused_) return;
  paused_ = false;
  // A program that wakes up looks at its timers before or after its sockets, as its loop has it.
  const bool timers_first = random_.chance(50);
  std::deque<Waiting> backlog = std::exchange(backlog_, {});
  std::stable_partition(backlog.begin(), backlog.end(), [&](const Waiting& waiting) {
    return std::holds_alternative<io::TimerFired>(waiting.event) == timers_first;
  });
  const std::uint64_t life = life_;
  for (Waiting& waiting : backlog) {
    if (!running_ || life != life_) return;
    hand_over(std::move(waiting));
  }
}

}  // namespace lockstep::sim
