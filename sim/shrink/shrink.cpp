#include "sim/shrink/shrink.h"

#include "sim/shrink/smaller.h"
#include "sim/simulate.h"

#include <array>
#include <utility>

namespace lockstep::sim {

namespace {

// What has no invariant's ID is told apart by its text, which is the same for the same assertion.
bool same_failure(const Violation& a, const Violation& b) {
  return a.invariant() == b.invariant() && (a.invariant() != "CHECK" || a.text() == b.text());
}

class Search {
 public:
  Search(const Scenario& scenario, const RunResult& result, const ShrinkLimits& limits)
      : wanted_(*result.violation), limits_(limits), best_{scenario, result, 0, false} {}

  Shrunk run() {
    for (bool smaller = true; smaller && !at_limit();) {
      smaller = false;
      accept(without_later_faults(best_.scenario, best_.result));
      for (auto* direction : {with_fewer_faults, with_less_load, with_simpler_faults}) smaller |= descend(direction);
      accept(without_later_turns(best_.scenario, best_.result));
      smaller |= descend(with_fewer_operations);
    }
    best_.finished = !at_limit();
    return best_;
  }

 private:
  using Direction = rc::Seq<Scenario>(const Scenario& scenario);

  [[nodiscard]] bool at_limit() const { return best_.runs >= limits_.runs_max || limits_.time_is_up(); }

  /// Whether `candidate` still fails as wanted; then it is the best.
  bool accept(const Scenario& candidate) {
    if (at_limit()) return false;
    ++best_.runs;
    RunResult result = simulate(candidate);
    if (!result.violation || !same_failure(*result.violation, wanted_)) return false;
    best_.scenario = candidate;
    best_.result = std::move(result);
    return true;
  }

  /// Goes on in one direction for as long as that helps. Returns whether it did.
  bool descend(Direction* direction) {
    const auto tree = rc::shrinkable::shrinkRecur(best_.scenario, direction);
    return rc::shrinkable::findLocalMin(tree, [this](const Scenario& candidate) { return accept(candidate); }).second >
           0;
  }

  const Violation wanted_;
  const ShrinkLimits& limits_;
  Shrunk best_;
};

}  // namespace

Shrunk shrink(const Scenario& scenario, const RunResult& result, const ShrinkLimits& limits) {
  LOCKSTEP_CHECK(result.violation.has_value(), "only a run that fails can be made smaller");
  return Search(scenario, result, limits).run();
}

}  // namespace lockstep::sim
