// The virtual clock and the queue of what is going to happen.
#pragma once

#include "engine/values/check.h"
#include "sim/random.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace lockstep::sim {

/// True simulated time in nanoseconds; no node's clock shows it exactly.
using Time = std::int64_t;
constexpr Time one_us = 1'000;
constexpr Time one_ms = 1'000'000;
constexpr Time one_second = 1'000'000'000;

/// Runs actions by (time, seeded tie-break, order of scheduling).
class Scheduler {
 public:
  explicit Scheduler(Random random) : random_(random) {}

  [[nodiscard]] Time now() const { return now_; }

  void at(Time when, std::function<void()> action) {
    queue_.push_back({std::max(when, now_), random_.next(), ++sequence_, std::move(action)});
    std::push_heap(queue_.begin(), queue_.end(), later);
  }

  /// Runs the next action, if it is due before `end`; otherwise the clock goes to `end` and false is returned.
  bool run_one(Time end) {
    if (queue_.empty() || queue_.front().when >= end) {
      now_ = std::max(now_, end);
      return false;
    }
    std::pop_heap(queue_.begin(), queue_.end(), later);
    Item item = std::move(queue_.back());
    queue_.pop_back();
    LOCKSTEP_CHECK(item.when >= now_, "simulated time does not go back");
    now_ = item.when;
    item.action();
    return true;
  }

 private:
  struct Item {
    Time when;
    std::uint64_t tie;
    std::uint64_t sequence;
    std::function<void()> action;
  };

  static bool later(const Item& a, const Item& b) {
    if (a.when != b.when) return a.when > b.when;
    if (a.tie != b.tie) return a.tie > b.tie;
    return a.sequence > b.sequence;
  }

  Time now_ = 0;
  std::uint64_t sequence_ = 0;
  Random random_;
  std::vector<Item> queue_;
};

}  // namespace lockstep::sim
