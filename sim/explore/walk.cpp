#include "sim/explore/walk.h"

#include "sim/explore/course.h"
#include "sim/explore/plan.h"
#include "sim/explore/rewindable_course.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace lockstep::sim {

namespace {

constexpr std::string_view order_mark = "order";

/// The number of a choice at each place of a run where there is one; the first everywhere after its end.
using Choices = std::vector<std::size_t>;

std::optional<Violation> guarded(const std::function<void()>& run) {
  forget_violations();
  try {
    run();
  } catch (const Violation&) {
    return *first_violation();
  }
  return std::nullopt;
}

void run_struck(const ShortHistory& history, std::size_t boundary, const std::function<const Strike*(Course&)>& choose,
                std::ostream* log) {
  Course course(history, log);
  course.prepare();
  for (std::size_t i = 0; i < boundary; ++i) {
    if (!course.step()) throw std::invalid_argument("the history ends before that boundary");
  }
  course.strike(*choose(course));
  course.finish();
}

/// Runs in that order.
void run_ordered(const ShortHistory& history, const Choices& order, std::ostream* log) {
  Course course(history, log);
  course.prepare();
  for (std::size_t place = 0; !course.ended();) {
    const std::vector<Course::Choice> choices = course.choices();
    const std::size_t chosen = choices.size() > 1 && place < order.size() ? order[place] : 0;
    if (choices.size() > 1) ++place;
    if (chosen >= choices.size()) throw std::invalid_argument("there is no such choice in that order");
    if (chosen == 0) {
      course.step();
    } else {
      course.step(choices[chosen]);
    }
  }
  course.finish();
}

std::string id_of(const ShortHistory& history, const Choices& order) {
  std::string id = to_string(history) + "/" + std::string(order_mark) + "/";
  for (std::size_t i = 0; i < order.size(); ++i) id += (i == 0 ? "" : ".") + std::to_string(order[i]);
  return id;
}

class Walker {
 public:
  Walker(const ShortHistory& history, const WalkLimits& limits, WalkTally& tally, const OnFinding& report)
      : history_(history), limits_(limits), tally_(tally), report_(report) {}

  bool walk() {
    ++tally_.histories;
    Plan faults;
    if (!judge(id_of(history_, {}), guarded([&] { faults = plan(history_); }))) return false;
    tally_.boundaries += faults.boundaries;
    RewindableCourse course(history_);
    course.attempt([](Course& c) { c.prepare(); });
    RewindableCourse::Place begin;
    course.mark(begin);
    if (!walk_faults(course, faults)) return false;
    course.go_back(begin);
    walked_ = 0;
    return walk_orders(course, {});
  }

 private:
  /// What came of one run; false if a violation ends the walk.
  bool judge(const std::string& id, const std::optional<Violation>& violation) {
    ++tally_.runs;
    if (!violation) return true;
    ++tally_.violations;
    return report_({id, *violation});
  }

  bool walk_faults(RewindableCourse& course, const Plan& faults) {
    RewindableCourse::Place here;
    course.mark(here);
    std::size_t boundary = 0;
    for (const Occasion& each : faults.occasions) {
      ++tally_.faults;
      if (each.same_as != each.boundary) continue;
      ++tally_.faulted_states;
      if (boundary < each.boundary) {
        course.attempt([&](Course& c) {
          for (; boundary < each.boundary; ++boundary) c.step();
        });
        course.mark(here);
      }
      const auto violation = course.attempt([&](Course& c) {
        c.strike(each.strike);
        c.finish();
      });
      course.go_back(here);
      if (!judge(to_string(history_) + "/" + std::to_string(boundary) + "/" + each.strike.name, violation))
        return false;
    }
    return true;
  }

  /// The choices that were made on the way to where the course is.
  struct Order {
    Choices choices;
    std::size_t overtakings = 0;
    bool all_simultaneous = true;

    [[nodiscard]] Order with(std::size_t choice, bool simultaneous) const {
      Order other = *this;
      other.choices.push_back(choice);
      if (choice == 0) return other;
      ++other.overtakings;
      other.all_simultaneous &= simultaneous;
      return other;
    }
  };
  struct Branch {
    RewindableCourse::Place place;
    Course::Choice choice;
    Order order;
  };

  /// Goes on from where the course is, first in the order in which everything is due, then in every other.
  bool walk_orders(RewindableCourse& course, Order order) {
    if (walked_++ == limits_.orders_max) {
      ++tally_.incomplete;
      return true;
    }
    if (order.overtakings > 0) ++tally_.orders;
    const std::string id = id_of(history_, order.choices);
    std::vector<Branch> branches;
    std::optional<Violation> violation;
    while (!violation && !course.course().ended()) {
      const std::vector<Course::Choice> choices = course.course().choices();
      for (std::size_t i = 1; i < choices.size(); ++i) {
        Order other = order.with(i, choices[i].simultaneous);
        if (!other.all_simultaneous && other.overtakings > limits_.overtakings_max) continue;
        Branch& branch = branches.emplace_back();
        course.mark(branch.place);
        branch.choice = choices[i];
        branch.order = std::move(other);
      }
      if (choices.size() > 1) order.choices.push_back(0);
      violation = course.attempt([](Course& c) { c.step(); });
    }
    if (!violation) violation = course.attempt([](Course& c) { c.finish(); });
    if (!judge(id, violation)) return false;
    for (Branch& branch : branches) {
      course.go_back(branch.place);
      violation = course.attempt([&](Course& c) { c.step(branch.choice); });
      if (violation ? !judge(id_of(history_, branch.order.choices), violation)
                    : !walk_orders(course, std::move(branch.order))) {
        return false;
      }
    }
    return true;
  }

  const ShortHistory& history_;
  const WalkLimits& limits_;
  WalkTally& tally_;
  const OnFinding& report_;
  std::uint64_t walked_ = 0;  ///< orders
};

Choices parse_order(std::string_view text) {
  Choices order;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('.'), text.size());
    order.push_back(std::stoull(std::string(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return order;
}

}  // namespace

void WalkTally::add(const WalkTally& other) {
  histories += other.histories;
  boundaries += other.boundaries;
  faults += other.faults;
  faulted_states += other.faulted_states;
  orders += other.orders;
  runs += other.runs;
  violations += other.violations;
  incomplete += other.incomplete;
}

bool walk(const ShortHistory& history, const WalkLimits& limits, WalkTally& tally, const OnFinding& report) {
  return Walker(history, limits, tally, report).walk();
}

std::optional<Violation> replay(std::string_view id, std::ostream* log) {
  const std::size_t last = id.rfind('/');
  const std::size_t middle = last == std::string_view::npos || last == 0 ? last : id.rfind('/', last - 1);
  const auto history = middle == std::string_view::npos ? std::nullopt : parse_history(id.substr(0, middle));
  if (!history) throw std::invalid_argument("an ID is HISTORY/BOUNDARY/FAULT or HISTORY/order/CHOICES");
  const std::string boundary(id.substr(middle + 1, last - middle - 1));
  const std::string_view rest = id.substr(last + 1);
  if (boundary == order_mark) {
    const Choices order = parse_order(rest);
    return guarded([&] { run_ordered(*history, order, log); });
  }
  std::vector<Strike> possible;
  const auto choose = [&](Course& course) -> const Strike* {
    possible = possible_strikes(course.world(), course.repaired_at());
    for (const Strike& strike : possible) {
      if (strike.name == rest) return &strike;
    }
    throw std::invalid_argument("no fault of that name is possible there");
  };
  return guarded([&] { run_struck(*history, std::stoull(boundary), choose, log); });
}

}  // namespace lockstep::sim
