#include "engine/witness_seat.h"

#include "engine/wire/codec.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::engine {
namespace {

constexpr Configuration first_serves{Epoch(1), NodeId::first, Members::both()};

struct SharedStore {
  io::Revision revision;
  Buffer record;
};

/// One node's program, as far as the seat knows it. What it asks the store waits until serve().
class Program final : private io::SharedRecord, private SeatedNode, private io::Trace {
 public:
  Program(NodeId id, SharedStore& store, Instant& now)
      : id_(id), store_(store), now_(now), seat_(settings_of(id), {*this, *this, *this}, life_) {}

  void store_up() { seat_.step(now_, io::StoreUp{}); }
  void store_down() {
    reads_ = false;
    replacement_.reset();
    seat_.step(now_, io::StoreDown{});
  }

  /// Answers the store's calls until there is none.
  void serve() {
    while (step_store()) {
    }
  }
  /// Answers one; false if there is none.
  bool step_store() {
    if (reads_) {
      reads_ = false;
      seat_.step(now_, io::RecordRead{store_.revision, store_.record});
    } else if (const auto replacement = std::exchange(replacement_, std::nullopt)) {
      if (replacement->first == store_.revision) {
        store_ = {{store_.revision.value + 1}, replacement->second};
        seat_.step(now_, io::RecordReplaced{store_.revision});
      } else {
        seat_.step(now_, io::RecordSuperseded{store_.revision, store_.record});
      }
    } else {
      return false;
    }
    return true;
  }

  void say(const Message& message) { seat_.hear(now_, frame_bytes(encode(message))); }
  /// As a node that knows its own votes says it; `decided`: what it takes to be decided.
  void beat(bool wants_lease = false, Configuration decided = {}) {
    Heartbeat heartbeat{now_, wants_lease, {}, {}};
    heartbeat.state.decided = decided;
    heartbeat.memory.life = 100 + static_cast<std::uint64_t>(id_);
    heartbeat.memory.your_life = life_heard_;
    heartbeat.memory.remembers = true;
    say(heartbeat);
  }
  /// A heartbeat and its answer, so that the seat knows that its node has heard of it.
  void meet() {
    for (int i = 0; i < 3; ++i) {
      beat();
      serve();
    }
  }
  template <typename Kind>
  std::optional<Kind> last() const {
    for (auto said = heard.rbegin(); said != heard.rend(); ++said) {
      if (const auto* kind = std::get_if<Kind>(&*said)) return *kind;
    }
    return std::nullopt;
  }
  template <typename Kind>
  long count() const {
    return std::count_if(heard.begin(), heard.end(),
                         [](const Message& message) { return std::holds_alternative<Kind>(message); });
  }

  std::vector<Message> heard;
  std::vector<std::string> notes;
  bool up = false;
  int resets = 0;

 private:
  static Settings settings_of(NodeId id) {
    Settings settings;
    settings.self = id;
    return settings;
  }

  void read() override { reads_ = true; }
  void replace(io::Revision expected, Buffer record) override { replacement_.emplace(expected, std::move(record)); }
  void reset() override { ++resets; }
  void witness_up() override { up = true; }
  void witness_down() override { up = false; }
  void witness_says(Buffer frame) override {
    heard.push_back(*decode(frame));
    if (const auto* reply = std::get_if<HeartbeatReply>(&heard.back())) life_heard_ = reply->memory.life;
  }
  void record(const io::TraceEvent& event) override {
    if (const auto* note = std::get_if<io::Note>(&event)) notes.push_back(note->text);
  }

  NodeId id_;
  SharedStore& store_;
  Instant& now_;
  std::uint64_t life_ = 7 + 2 * static_cast<std::uint64_t>(id_);
  std::uint64_t life_heard_ = 0;
  bool reads_ = false;
  std::optional<std::pair<io::Revision, Buffer>> replacement_;
  WitnessSeat seat_;
};

struct WitnessSeatTest : ::testing::Test {
  Instant now{1'000'000'000};
  SharedStore store;
  Program first{NodeId::first, store, now};
  Program second{NodeId::second, store, now};

  /// Both seats know all that was ever promised, and no grant that may have been lost is running.
  void come_up() {
    for (Program* program : {&first, &second}) {
      program->store_up();
      program->serve();
      program->meet();
    }
    first.meet();
    now = now + Settings().timeout * 2;
  }
  static Ballot ballot(std::uint64_t round, NodeId by) { return ballot_of(round, by); }
};

TEST_F(WitnessSeatTest, VotesOnceBothNodesWereHeardThroughEitherSeat) {
  first.store_up();
  first.serve();
  first.meet();
  now = now + Settings().timeout * 2;
  first.say(Prepare{ballot(1, NodeId::first)});
  first.serve();
  EXPECT_TRUE(first.last<Refused>());
  second.store_up();
  second.serve();
  second.meet();
  first.meet();
  now = now + Settings().timeout * 2;
  first.say(Prepare{ballot(2, NodeId::first)});
  first.serve();
  EXPECT_TRUE(first.last<Promise>());
}

TEST_F(WitnessSeatTest, APromiseOfOneSeatBindsTheOther) {
  come_up();
  first.say(Prepare{ballot(5, NodeId::first)});
  first.serve();
  ASSERT_TRUE(first.last<Promise>());
  second.say(Prepare{ballot(4, NodeId::second)});
  second.serve();
  EXPECT_FALSE(second.last<Promise>());
  EXPECT_TRUE(second.last<Refused>());
}

TEST_F(WitnessSeatTest, OfTwoAtOnceTheSlowerOneSaysNothing) {
  come_up();
  first.say(Prepare{ballot(5, NodeId::first)});
  second.say(Prepare{ballot(6, NodeId::second)});
  ASSERT_TRUE(first.step_store());
  ASSERT_TRUE(second.step_store());  // both have read the same, and want to store a promise
  first.serve();
  second.serve();
  EXPECT_TRUE(first.last<Promise>());
  EXPECT_FALSE(second.last<Promise>());
}

TEST_F(WitnessSeatTest, ALeaseIsGrantedOnceItIsStored) {
  come_up();
  first.heard.clear();
  first.beat(true, first_serves);
  ASSERT_TRUE(first.step_store());
  EXPECT_EQ(first.count<HeartbeatReply>(), 0);
  first.serve();
  ASSERT_TRUE(first.last<HeartbeatReply>());
  EXPECT_TRUE(first.last<HeartbeatReply>()->granted);
}

TEST_F(WitnessSeatTest, ALeaseOfOneSeatKeepsTheOtherFromVoting) {
  come_up();
  first.beat(true, first_serves);
  first.serve();
  second.say(Prepare{ballot(9, NodeId::second)});
  second.serve();
  ASSERT_TRUE(second.last<Refused>());
  EXPECT_TRUE(second.last<Refused>()->by_lease);
  now = now + Settings().timeout * 2;
  second.say(Prepare{ballot(10, NodeId::second)});
  second.serve();
  EXPECT_TRUE(second.last<Promise>());
}

TEST_F(WitnessSeatTest, AVoteForAnotherPrimaryPassesTheLeaseOn) {
  come_up();
  first.beat(true, first_serves);
  first.serve();
  const Configuration handed_over{Epoch(2), NodeId::second, Members::both()};
  first.say(Accept{ballot(3, NodeId::first), handed_over});
  first.serve();
  ASSERT_TRUE(first.last<Accepted>());
  second.beat(true, handed_over);
  second.serve();
  EXPECT_TRUE(second.last<HeartbeatReply>()->granted);
}

TEST_F(WitnessSeatTest, AStoreThatHasLostTheRecordGetsNoVoteUntilBothWereHeardAgain) {
  come_up();
  store = {};
  first.meet();
  now = now + Settings().timeout * 2;
  first.say(Prepare{ballot(7, NodeId::first)});
  first.serve();
  EXPECT_FALSE(first.last<Promise>());
  second.meet();
  first.meet();
  now = now + Settings().timeout * 2;
  first.say(Prepare{ballot(8, NodeId::first)});
  first.serve();
  EXPECT_TRUE(first.last<Promise>());
}

TEST_F(WitnessSeatTest, AnswersTheNewestHeartbeatOnlyAndVotesFirst) {
  come_up();
  first.heard.clear();
  first.beat();
  first.beat();
  first.beat();
  first.say(Prepare{ballot(5, NodeId::first)});
  first.serve();
  EXPECT_EQ(first.count<HeartbeatReply>(), 1);
  ASSERT_EQ(first.heard.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Promise>(first.heard.front()));
}

TEST_F(WitnessSeatTest, WhatWasNotStoredWhenTheStoreWentIsNotSaidLater) {
  come_up();
  first.say(Prepare{ballot(5, NodeId::first)});
  ASSERT_TRUE(first.step_store());
  first.store_down();
  EXPECT_FALSE(first.up);
  first.store_up();
  first.serve();
  EXPECT_TRUE(first.up);
  EXPECT_FALSE(first.last<Promise>());
}

TEST_F(WitnessSeatTest, ARecordOfAnotherKindIsLeftAlone) {
  store = {{3}, Buffer::copy_of("somebody else's")};
  first.store_up();
  first.serve();
  EXPECT_FALSE(first.up);
  EXPECT_EQ(first.resets, 1);
  EXPECT_EQ(first.notes.size(), 1U);
  EXPECT_EQ(store.record.text(), "somebody else's");
}

}  // namespace
}  // namespace lockstep::engine
