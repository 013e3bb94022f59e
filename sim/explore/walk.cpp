#include "sim/explore/walk.h"

#include "sim/explore/course.h"
#include "sim/explore/plan.h"

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

/// Runs in that order; the choices that there were at each place on the way.
std::vector<std::vector<Course::Choice>> run_ordered(const ShortHistory& history, const Choices& order,
                                                     std::ostream* log) {
  std::vector<std::vector<Course::Choice>> alternatives;
  Course course(history, log);
  course.prepare();
  while (true) {
    std::vector<Course::Choice> choices = course.choices();
    if (choices.size() == 1) {
      if (!course.step()) break;
      continue;
    }
    const std::size_t place = alternatives.size();
    const std::size_t chosen = place < order.size() ? order[place] : 0;
    if (chosen >= choices.size()) throw std::invalid_argument("there is no such choice in that order");
    if (chosen == 0) {
      if (!course.step()) break;
    } else {
      course.step(choices[chosen]);
    }
    alternatives.push_back(std::move(choices));
  }
  course.finish();
  return alternatives;
}

std::string id_of(const ShortHistory& history, const Choices& order) {
  std::string id = to_string(history) + "/" + std::string(order_mark) + "/";
  for (std::size_t i = 0; i < order.size(); ++i) id += (i == 0 ? "" : ".") + std::to_string(order[i]);
  return id;
}

class Walker {
 public:
  Walker(const ShortHistory& history, const WalkLimits& limits, WalkTally& tally, const Report& report)
      : history_(history), limits_(limits), tally_(tally), report_(report) {}

  bool walk() {
    ++tally_.histories;
    Plan faults;
    if (!judge(id_of(history_, {}), [&] { faults = plan(history_); })) return false;
    tally_.boundaries += faults.boundaries;
    return walk_faults(faults) && walk_orders();
  }

 private:
  /// One run; false if a violation ends the walk.
  bool judge(const std::string& id, const std::function<void()>& run) {
    ++tally_.runs;
    const auto violation = guarded(run);
    if (!violation) return true;
    ++tally_.violations;
    return report_({id, *violation});
  }

  bool walk_faults(const Plan& faults) {
    for (const Occasion& each : faults.occasions) {
      ++tally_.faults;
      if (each.same_as != each.boundary) continue;
      ++tally_.faulted_states;
      const std::string id = to_string(history_) + "/" + std::to_string(each.boundary) + "/" + each.strike.name;
      const auto run = [&] {
        run_struck(
            history_, each.boundary, [&](Course&) { return &each.strike; }, nullptr);
      };
      if (!judge(id, run)) return false;
    }
    return true;
  }

  struct Open {
    Choices order;
    std::size_t overtakings = 0;
    bool all_simultaneous = true;
  };

  // Depth first: an order differs from the one that it was made of in its last choice.
  bool walk_orders() {
    std::vector<Open> open{{}};
    std::uint64_t walked = 0;
    while (!open.empty()) {
      const Open here = std::move(open.back());
      const Choices& order = here.order;
      open.pop_back();
      if (walked++ == limits_.orders_max) {
        ++tally_.incomplete;
        return true;
      }
      if (!order.empty()) ++tally_.orders;
      std::vector<std::vector<Course::Choice>> alternatives;
      if (!judge(id_of(history_, order), [&] { alternatives = run_ordered(history_, order, nullptr); })) return false;
      for (std::size_t place = order.size(); place < alternatives.size(); ++place) {
        for (std::size_t choice = 1; choice < alternatives[place].size(); ++choice) {
          Open other = here;
          ++other.overtakings;
          other.all_simultaneous &= alternatives[place][choice].simultaneous;
          if (!other.all_simultaneous && other.overtakings > limits_.overtakings_max) continue;
          other.order.resize(place, 0);
          other.order.push_back(choice);
          open.push_back(std::move(other));
        }
      }
    }
    return true;
  }

  const ShortHistory& history_;
  const WalkLimits& limits_;
  WalkTally& tally_;
  const Report& report_;
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

bool walk(const ShortHistory& history, const WalkLimits& limits, WalkTally& tally, const Report& report) {
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
