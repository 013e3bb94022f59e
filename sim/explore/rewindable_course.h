// A course that can go back to where it was, as often as one likes: what comes before a fault, or before another order,
// runs once for all that may follow.
#pragma once

#include "sim/explore/arena.h"
#include "sim/explore/course.h"
#include "sim/violation.h"

#include <optional>

namespace lockstep::sim {

/// One at a time.
class RewindableCourse {
 public:
  explicit RewindableCourse(const ShortHistory& history) {
    const Arena::Scope scope(arena_);
    course_ = new Course(history);  // goes with the arena
  }

  /// For looking at it. All that changes it goes through attempt().
  [[nodiscard]] const Course& course() const { return *course_; }

  /// Lets `act` do something with the course. After a violation all that is left is to go back. `act` hands nothing out
  /// that owns memory.
  template <typename Act>
  std::optional<Violation> attempt(const Act& act) {
    forget_violations();
    try {
      const Arena::Scope scope(arena_);
      act(*course_);
      return std::nullopt;
    } catch (const Violation&) {
    }
    const Violation violation = *first_violation();
    forget_violations();  // what it holds is the arena's
    return violation;
  }

  using Place = Arena::Image;
  void mark(Place& place) const { arena_.save(place); }
  void go_back(const Place& place) { arena_.restore(place); }

 private:
  Arena arena_;
  Course* course_ = nullptr;
};

}  // namespace lockstep::sim
