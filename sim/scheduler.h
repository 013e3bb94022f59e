// The virtual clock and the queue of what is going to happen.
#pragma once

#include "engine/values/check.h"
#include "sim/random.h"
#include "sim/tag.h"

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

/// Runs actions by (time, seeded tie-break, order of scheduling); with a steadied `random` there is no tie-break.
class Scheduler {
 public:
  explicit Scheduler(Random random) : random_(random) {}

  [[nodiscard]] Time now() const { return now_; }

  void at(Time when, std::function<void()> action, Tag tag = {}) {
    add(when, random_.steady() ? 0 : random_.next(), std::move(action), tag);
  }
  /// Before whatever else happens then, and without a draw: leaving it out changes no tie of the rest.
  void first_at(Time when, std::function<void()> action) { add(when, 0, std::move(action), {}); }

  /// Runs the next action, if it is due before `end`; otherwise the clock goes to `end` and false is returned.
  bool run_one(Time end) {
    if (queue_.empty() || queue_.front().when >= end) {
      now_ = std::max(now_, end);
      return false;
    }
    std::pop_heap(queue_.begin(), queue_.end(), Later{});
    const Item item = queue_.back();
    queue_.pop_back();
    run(item);
    return true;
  }
  /// What the action that ran last concerned.
  [[nodiscard]] const Tag& last_run() const { return last_run_; }

  // For whoever chooses among what is about to happen.

  struct Due {
    Time when;
    std::uint64_t sequence;
    Tag tag;
  };
  /// Everything due within `width` of what is due next, in the order in which it would run.
  [[nodiscard]] std::vector<Due> due(Time width) const {
    std::vector<const Item*> items;
    for (const Item& item : queue_) {
      if (item.when <= queue_.front().when + width) items.push_back(&item);
    }
    std::sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return Later{}(*b, *a); });
    std::vector<Due> result;
    for (const Item* item : items) result.push_back({item->when, item->sequence, slots_[item->slot].tag});
    return result;
  }
  /// Runs that one now, before everything that it overtakes; what is overtaken runs late.
  void run_first(const Due& due) {
    const auto found =
        std::find_if(queue_.begin(), queue_.end(), [&](const Item& item) { return item.sequence == due.sequence; });
    LOCKSTEP_CHECK(found != queue_.end(), "what is chosen is still to happen");
    const Item item = *found;
    queue_.erase(found);
    std::make_heap(queue_.begin(), queue_.end(), Later{});
    run(item);
  }

 private:
  struct Item {
    Time when;
    std::uint64_t tie;
    std::uint64_t sequence;
    std::size_t slot;
  };
  struct Later {
    bool operator()(const Item& a, const Item& b) const {
      if (a.when != b.when) return a.when > b.when;
      if (a.tie != b.tie) return a.tie > b.tie;
      return a.sequence > b.sequence;
    }
  };
  void add(Time when, std::uint64_t tie, std::function<void()> action, const Tag& tag) {
    if (free_slots_.empty()) {
      free_slots_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = {tag, std::move(action)};
    queue_.push_back({std::max(when, now_), tie, ++sequence_, slot});
    std::push_heap(queue_.begin(), queue_.end(), Later{});
  }
  /// Kept apart from the queue, which moves its items about.
  struct Slot {
    Tag tag;
    std::function<void()> action;
  };

  void run(const Item& item) {
    now_ = std::max(now_, item.when);  // what was overtaken is late
    const Slot slot = std::exchange(slots_[item.slot], {});
    free_slots_.push_back(item.slot);
    last_run_ = slot.tag;
    slot.action();
  }

  Time now_ = 0;
  std::uint64_t sequence_ = 0;
  Random random_;
  Tag last_run_;
  std::vector<Item> queue_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_slots_;
};

}  // namespace lockstep::sim
