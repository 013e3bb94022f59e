#include "sim/explore/catalogue.h"
#include "sim/explore/course.h"
#include "sim/explore/plan.h"
#include "sim/explore/rewindable_course.h"
#include "sim/explore/walk.h"
#include "sim/planted/planted.h"
#include "sim/world/hash_event.h"

#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

ShortHistory history(std::string_view text) {
  const auto parsed = parse_history(text);
  if (!parsed) throw std::invalid_argument(std::string(text));
  return *parsed;
}

WalkTally walked(std::string_view text) {
  install_check_handler();
  WalkTally tally;
  walk(history(text), {}, tally, [](const Finding& finding) {
    ADD_FAILURE() << finding.id << " breaks " << finding.violation.invariant() << ": " << finding.violation.text();
    return true;
  });
  return tally;
}

class Ignored : public ChangeListener {
 public:
  void inode_created(InodeNumber) override {}
  void inode_will_change(InodeNumber, const InodeState&) override {}
  void names_changed(std::vector<NameChange>) override {}
};

TEST(ExploreTest, TheCatalogueHasEveryKindAndEachRequestDoesSomething) {
  std::set<OperationKind> kinds;
  for (const Request& request : catalogue()) {
    Ignored listener;
    Filesystem tree(Random(1), listener);
    lay_out_tree(tree);
    tree.identify_all();
    const auto operation = request.ask(tree);
    ASSERT_TRUE(operation.has_value()) << request.name;
    kinds.insert(operation->kind);
    if (operation->kind == OperationKind::sync) continue;
    EXPECT_EQ(tree.apply(*operation, io::Origin::application, 5).error, 0) << request.name;
  }
  for (auto kind = OperationKind::create; kind <= OperationKind::sync;
       kind = static_cast<OperationKind>(static_cast<int>(kind) + 1)) {
    EXPECT_TRUE(kinds.contains(kind)) << to_string(kind);
  }
}

TEST(ExploreTest, AHistoryHasAName) {
  const std::string name = "durable/rejoin/at-once/create-file+rename";
  EXPECT_EQ(to_string(history(name)), name);
  for (const char* wrong : {"", "durable", "durable/rejoin/at-once", "durable/rejoin/at-once/", "x/swap/in-turn/write",
                            "durable/swap/in-turn/wri", "durable/swap/in-turn/write/"}) {
    EXPECT_FALSE(parse_history(wrong).has_value()) << wrong;
  }
}

TEST(ExploreTest, HistoriesAreEverySequence) {
  const auto all = histories({2,
                              {engine::Durability::commit, engine::Durability::durable},
                              {Move::swap, Move::rejoin},
                              {Pace::in_turn, Pace::at_once}});
  std::set<std::string> names;
  for (const ShortHistory& each : all) names.insert(to_string(each));
  EXPECT_EQ(names.size(), all.size());
  EXPECT_EQ(names.size(), 8 * catalogue().size() * catalogue().size());
}

TEST(ExploreTest, TwoWalksCoverTheSame) {
  for (const char* name : {"replicated/swap/in-turn/rename-over", "replicated/rejoin/in-turn/append"}) {
    const WalkTally once = walked(name);
    const WalkTally again = walked(name);
    EXPECT_GT(once.boundaries, 50U);
    EXPECT_GT(once.faulted_states, 500U);
    EXPECT_GT(once.faults, once.faulted_states);
    EXPECT_GT(once.orders, 5U);
    EXPECT_EQ(once.incomplete, 0U);
    EXPECT_EQ(std::tie(once.boundaries, once.faults, once.faulted_states, once.orders, once.runs),
              std::tie(again.boundaries, again.faults, again.faulted_states, again.orders, again.runs));
  }
}

/// What every engine was told and when, whatever the order in which the machines were looked at; and what came of it.
class Outcome : public Observer {
 public:
  explicit Outcome(Course& course) : course_(course) { course.world().observers().add(*this); }

  void delivering(Place to, const io::Event& event) override {
    RunHash hash;
    hash.add(course_.world().now());
    hash.add(std::uint64_t{index_of(to)});
    hash_event(hash, event);
    sum_ += hash.value();
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  Course& course_;
  std::uint64_t sum_ = 0;
};

std::uint64_t outcome_of(const ShortHistory& history, std::size_t boundary, const Strike& strike) {
  Course course(history);
  Outcome outcome(course);
  course.prepare();
  for (std::size_t i = 0; i < boundary; ++i) course.step();
  course.strike(strike);
  course.finish();
  return outcome.sum();
}

TEST(ExploreTest, FaultsThatCountAsTheSameComeToTheSame) {
  install_check_handler();
  for (const char* name : {"durable/swap/in-turn/create-file", "replicated/rejoin/in-turn/write"}) {
    std::map<std::pair<std::size_t, std::string>, std::uint64_t> first;
    std::size_t same = 0;
    for (const Occasion& occasion : plan(history(name)).occasions) {
      const std::uint64_t outcome = outcome_of(history(name), occasion.boundary, occasion.strike);
      const auto known = first.try_emplace({occasion.same_as, occasion.strike.name}, outcome);
      if (!known.second) ++same;
      EXPECT_EQ(known.first->second, outcome)
          << name << ": " << occasion.strike.name << " at " << occasion.boundary << " and at " << occasion.same_as;
    }
    EXPECT_GT(same, 500U);
  }
}

TEST(ExploreTest, ACourseThatWentBackGoesOnAsAFreshOne) {
  install_check_handler();
  for (const char* name : {"durable/rejoin/in-turn/rename-over", "replicated/swap/in-turn/append"}) {
    RewindableCourse course(history(name));
    const Outcome* outcome = nullptr;
    ASSERT_FALSE(course.attempt([&](Course& c) {
      outcome = new Outcome(c);
      c.prepare();
    }));
    RewindableCourse::Place here;
    course.mark(here);
    std::size_t boundary = 0;
    std::size_t number = 0;
    for (const Occasion& occasion : plan(history(name)).occasions) {
      if (number++ % 37 != 0) continue;
      ASSERT_FALSE(course.attempt([&](Course& c) {
        for (; boundary < occasion.boundary; ++boundary) c.step();
      }));
      course.mark(here);
      ASSERT_FALSE(course.attempt([&](Course& c) {
        c.strike(occasion.strike);
        c.finish();
      }));
      EXPECT_EQ(outcome->sum(), outcome_of(history(name), occasion.boundary, occasion.strike))
          << name << ": " << occasion.strike.name << " at " << occasion.boundary;
      course.go_back(here);
    }
    EXPECT_GT(boundary, 50U);
  }
}

// A power loss between the rename and the engine's hearing of it: it is on the disk, and in nobody's history.
TEST(ExploreTest, ARenameMayLandThatNobodyHasHeardOf) {
  EXPECT_GT(walked("replicated/rejoin/in-turn/sync-all+rename-over").faulted_states, 500U);
}

TEST(ExploreTest, ARunIsFoundByItsID) {
  EXPECT_FALSE(replay("replicated/swap/in-turn/write/3/kill-first", nullptr).has_value());
  EXPECT_FALSE(replay("replicated/swap/in-turn/write/order/0.1", nullptr).has_value());
  for (const char* wrong :
       {"", "/", "write/3/kill-first", "replicated/swap/in-turn/write/3/kill-nobody",
        "replicated/swap/in-turn/write/100000/kill-first", "replicated/swap/in-turn/write/x/kill-first",
        "replicated/swap/in-turn/write/order/0.9999"}) {
    EXPECT_THROW(replay(wrong, nullptr), std::logic_error) << wrong;
  }
}

// Planted bugs are global to a process.
[[noreturn]] void look_for(const char* bug, const char* name) {
  install_check_handler();
  bool found_again = false;
  if (plant_by_name(bug)) {
    WalkTally tally;
    walk(history(name), {}, tally, [&](const Finding& finding) {
      const auto again = replay(finding.id, nullptr);
      found_again = again && again->invariant() == finding.violation.invariant();
      return false;
    });
  }
  std::_Exit(found_again ? EXIT_SUCCESS : EXIT_FAILURE);
}

TEST(ExploreTest, PlantedBugsAreFoundAndReplayed) {
  EXPECT_EXIT(look_for("leave-after-acknowledging", "replicated/swap/in-turn/write"),
              testing::ExitedWithCode(EXIT_SUCCESS), "");
  EXPECT_EXIT(look_for("vote-before-persisted", "replicated/swap/in-turn/write"), testing::ExitedWithCode(EXIT_SUCCESS),
              "");
  EXPECT_EXIT(look_for("replica-skips-sync", "replicated/swap/in-turn/write+sync-file"),
              testing::ExitedWithCode(EXIT_SUCCESS), "");
}

}  // namespace
}  // namespace lockstep::sim
