// The newer checkers, told of what must not happen: each must see it.
#include "engine/cluster/journal_record.h"
#include "engine/wire/archive.h"
#include "engine/wire/codec.h"
#include "sim/checkers/i07_nothing_uncovered.h"
#include "sim/checkers/i09_resync_ends.h"
#include "sim/checkers/i12_applied_once.h"
#include "sim/checkers/i14_damage_is_refused.h"
#include "sim/checkers/i14_verify_is_right.h"
#include "sim/checkers/i15_one_service.h"
#include "sim/checkers/i17_losers_data_is_kept.h"
#include "sim/checkers/stand_in_is_alone.h"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class CheckersTest : public testing::Test {
 protected:
  World world_{Scenario{}};
};

TEST_F(CheckersTest, AResyncThatBeginsOverAndOverIsSeen) {
  ResyncEnds checker(world_);
  for (int i = 0; i < 3; ++i) checker.traced(Place::first, io::ResyncBegan{Lsn(1)});
  EXPECT_THROW(checker.traced(Place::first, io::ResyncBegan{Lsn(1)}), Violation);
}

TEST_F(CheckersTest, AResyncBeginsAnewAfterAMembershipOrAFault) {
  ResyncEnds checker(world_);
  for (int i = 0; i < 10; ++i) {
    checker.traced(Place::first, io::ResyncBegan{Lsn(1)});
    checker.traced(Place::first, io::RoleChanged{"Joining", "Secondary", "Admitted"});
  }
  for (int i = 0; i < 10; ++i) {
    checker.faulted({0, Reset{Wire::peers}});
    checker.traced(Place::first, io::ResyncBegan{Lsn(1)});
  }
}

TEST_F(CheckersTest, AResyncThatNeverEndsIsSeen) {
  ResyncEnds checker(world_);
  checker.traced(Place::second, io::ResyncBegan{Lsn(1)});
  checker.stepped(Place::second);
  world_.run_until(20 * one_second);
  EXPECT_THROW(checker.stepped(Place::second), Violation);
}

TEST_F(CheckersTest, AnOperationAppliedTwiceIsSeen) {
  AppliedOnce checker(world_);
  const Operation operation{.kind = OperationKind::write};
  checker.traced(Place::first, io::OperationReplicated{Epoch(1), Lsn(7), &operation});
  checker.traced(Place::second, io::OperationReplicated{Epoch(1), Lsn(7), &operation});
  checker.traced(Place::first, io::ResyncBegan{Lsn(7)});
  checker.traced(Place::first, io::OperationReplicated{Epoch(1), Lsn(7), &operation});
  EXPECT_THROW(checker.traced(Place::first, io::OperationReplicated{Epoch(1), Lsn(7), &operation}), Violation);
}

TEST_F(CheckersTest, ARequestOrderedTwiceIsSeen) {
  AppliedOnce checker(world_);
  const Operation operation{.kind = OperationKind::write};
  checker.traced(Place::first, io::OperationOrdered{RequestId(1), Epoch(1), Lsn(1), &operation});
  EXPECT_THROW(checker.traced(Place::second, io::OperationOrdered{RequestId(1), Epoch(2), Lsn(2), &operation}),
               Violation);
}

TEST_F(CheckersTest, ADamagedFrameThatIsTakenForAMessageIsSeen) {
  DamageIsRefused checker(world_);
  checker.frame_damaged(Place::witness, io::Endpoint::first);
  checker.gave_up(Place::witness, io::Endpoint::first);
  checker.stepped(Place::witness);
  checker.frame_damaged(Place::first, io::Endpoint::peer);
  checker.gave_up(Place::first, io::Endpoint::witness);
  EXPECT_THROW(checker.stepped(Place::first), Violation);
}

TEST_F(CheckersTest, AMismatchWhereNothingHasRottedIsSeen) {
  VerifyIsRight checker(world_);
  checker.traced(Place::first, io::VerifyBegan{VerifyJob::everything});
  checker.rotted(NodeId::second, {1, 1}, 100, 1);
  checker.traced(Place::first, io::MismatchFound{{1, 1}, MismatchKind::contents, 0, 1, 4096});
  EXPECT_THROW(checker.traced(Place::first, io::MismatchFound{{1, 1}, MismatchKind::contents, 0, 2, 4096}), Violation);
  EXPECT_THROW(checker.traced(Place::first, io::MismatchFound{{1, 1}, MismatchKind::names, 0, 0, 4096}), Violation);
}

TEST_F(CheckersTest, RotThatWasWrittenOverComesBackWithALossOfPower) {
  History history(world_);
  const FileId file{1, 1};
  history.rotted(NodeId::first, file, 100, 1);
  Operation over;
  over.kind = OperationKind::write;
  over.file = file;
  over.data = Buffer::copy_of(std::string(4096, 'x'));
  history.applied(NodeId::first, 1, over, io::Origin::stream, true);
  EXPECT_FALSE(history.rotten(NodeId::first).touch(file, 100, 1));
  history.stopped(Place::first, false);
  EXPECT_FALSE(history.rotten(NodeId::first).touch(file, 100, 1));
  history.stopped(Place::first, true);
  EXPECT_TRUE(history.rotten(NodeId::first).touch(file, 100, 1));
  EXPECT_FALSE(history.rotten(NodeId::second).touch(file, 100, 1));
}

TEST_F(CheckersTest, AMismatchThatIsNotReportedIsSeen) {
  const FileId file{0, 77};
  for (const NodeId node : every_node) {
    InodeState state;
    state.id = file;
    state.attributes.mode = 0100644;
    state.content.write(0, std::vector(8192, static_cast<std::byte>(1 + index_of(node))));
    world_.node(node).volume().filesystem().prefill(Filesystem::root_number, "f", std::move(state));
  }
  VerifyIsRight checker(world_);
  checker.rotted(NodeId::second, file, 5000, 1);
  checker.traced(Place::first, io::VerifyBegan{VerifyJob::everything});
  checker.traced(Place::first, io::MismatchFound{file, MismatchKind::contents, 0, 2, 4096});
  EXPECT_NO_THROW(checker.traced(Place::first, io::VerifyEnded{true, 1}));
  checker.traced(Place::first, io::VerifyBegan{VerifyJob::everything});
  EXPECT_THROW(checker.traced(Place::first, io::VerifyEnded{true, 0}), Violation);
}

TEST_F(CheckersTest, ASecondStartBesideTheFirstIsSeen) {
  const GoneAlone alone(world_);
  OneService checker(world_, alone);
  checker.phase_begins(NodeId::first, io::Phase::prestart);
  world_.node(NodeId::first).application().run(Ticket(1), io::Phase::prestart);
  EXPECT_THROW(checker.phase_begins(NodeId::first, io::Phase::prestart), Violation);
}

/// Both nodes rely on their lists, and hold one file; `touches` are on the first one's.
class NothingUncoveredTest : public CheckersTest {
 protected:
  static constexpr FileId file{1, 1000};

  void rely_on(const std::vector<engine::Touch>& touches) {
    const engine::CommonCheckpoint common{Epoch(1), Lsn(1), 5};
    for (const NodeId id : every_node) {
      engine::JournalRecord record;
      record.owner = static_cast<VoterId>(id);
      record.ground = {7, common, common};
      world_.node(id).journal().exchange(engine::encode(record));
      Operation create{.kind = OperationKind::create};
      create.file = file;
      create.parent = FileId::root();
      create.name = "file";
      create.attributes.mode = 0100644;
      apply(id, create);
    }
    engine::Writer writer;
    for (const engine::Touch& touch : touches) writer(touch);
    world_.node(NodeId::first).touches().exchange({true, Buffer(std::move(writer.bytes))});
  }
  void apply(NodeId id, const Operation& operation) {
    ASSERT_EQ(world_.node(id).volume().filesystem().apply(operation, io::Origin::stream, 1).error, 0);
  }
  void write_on_first(std::uint64_t offset) {
    Operation write{.kind = OperationKind::write};
    write.file = file;
    write.offset = offset;
    write.data = Buffer::copy_of("new");
    apply(NodeId::first, write);
  }
  void rename_on_first() {
    Operation rename{.kind = OperationKind::rename};
    rename.parent = rename.new_parent = FileId::root();
    rename.name = "file";
    rename.new_name = "other";
    apply(NodeId::first, rename);
  }

  History history_{world_};
  NothingUncovered checker_{world_, history_};
};

TEST_F(NothingUncoveredTest, EqualTreesNeedNoList) {
  rely_on({});
  EXPECT_NO_THROW(checker_.stopped(Place::first, true));
}

TEST_F(NothingUncoveredTest, BytesThatNobodyHasListedAreSeen) {
  rely_on({{file, engine::TouchKind::region, 0}});
  write_on_first(0);
  EXPECT_NO_THROW(checker_.stopped(Place::first, true));
  write_on_first(5000);
  EXPECT_THROW(checker_.stopped(Place::first, true), Violation);
}

TEST_F(NothingUncoveredTest, NamesThatNobodyHasListedAreSeen) {
  rely_on({{FileId::root(), engine::TouchKind::names, 0}});
  rename_on_first();
  EXPECT_NO_THROW(checker_.stopped(Place::first, true));
  world_.node(NodeId::first).touches().exchange({true, {}});
  EXPECT_THROW(checker_.stopped(Place::first, true), Violation);
}

TEST_F(NothingUncoveredTest, WhatIsNotReliedOnIsNotLookedAt) {
  rely_on({});
  write_on_first(0);
  world_.node(NodeId::second).touches().exchange({false, {}});
  EXPECT_NO_THROW(checker_.stopped(Place::first, true));
}

/// The first node has been forced, with an empty tree; the second has a file that it wrote alone.
class LosersDataIsKeptTest : public CheckersTest {
 protected:
  LosersDataIsKeptTest() {
    history_.begin_anew(NodeId::first, Epoch(98304), false);
    history_.begun_by_force();
    checker_.traced(Place::first, io::WritableChanged{true, Epoch(98304)});
    Operation create{.kind = OperationKind::create};
    create.parent = FileId::root();
    create.name = "mine";
    create.attributes.mode = 0100644;
    create.file = file_;
    second().apply(create, io::Origin::application, 1);
  }
  Filesystem& second() { return world_.node(NodeId::second).volume().filesystem(); }
  Operation unlink() {
    Operation unlink{.kind = OperationKind::unlink};
    unlink.parent = FileId::root();
    unlink.name = "mine";
    second().apply(unlink, io::Origin::stream, 2);
    unlink.file = file_;
    return unlink;
  }

  const FileId file_{7, 7};
  History history_{world_};
  GoneAlone alone_{world_};
  LosersDataIsKept checker_{world_, history_, alone_};
};

TEST_F(LosersDataIsKeptTest, WhatOnlyTheLoserHadIsSeenToGo) {
  checker_.traced(Place::second, io::ResyncBegan{Lsn(1)});
  EXPECT_THROW(checker_.applied(NodeId::second, 1, unlink(), io::Origin::stream, true), Violation);
}

TEST_F(LosersDataIsKeptTest, AndThatItIsNowhereInTheEnd) {
  checker_.traced(Place::second, io::ResyncBegan{Lsn(1)});
  unlink();
  EXPECT_THROW(checker_.traced(Place::second, io::ResyncEnded{Lsn(1), 0}), Violation);
}

TEST_F(LosersDataIsKeptTest, WhatIsLeftAsItWasIsNotMissed) {
  checker_.traced(Place::second, io::ResyncBegan{Lsn(1)});
  checker_.traced(Place::second, io::ResyncEnded{Lsn(1), 0});
  checker_.at_rest();
}

TEST_F(LosersDataIsKeptTest, SettingAsideWithoutAConflictIsSeen) {
  EXPECT_THROW(checker_.delivering(Place::second, io::SetAside{Ticket(1), 0}), Violation);
  checker_.delivering(Place::first, io::CommandGiven{io::CommandId(1), {io::Verb::prim, true, false}});
  checker_.delivering(Place::second, io::SetAside{Ticket(1), 0});
}

TEST_F(CheckersTest, AnAcknowledgedRequestThatAResyncDoesNotBringIsSeen) {
  History history(world_);
  const GoneAlone alone(world_);
  LosersDataIsKept checker(world_, history, alone);
  history.begin_anew(NodeId::first, Epoch(1), true);
  Operation operation{.kind = OperationKind::sync};
  history.traced(Place::first, io::OperationOrdered{RequestId(5), Epoch(1), Lsn(1), &operation});
  history.guaranteed = 1;
  checker.traced(Place::first, io::RequestAcknowledged{RequestId(5), Epoch(1), Lsn(1), OperationKind::sync});
  checker.traced(Place::first, io::ResyncBegan{Lsn(1)});
  history.continue_from(NodeId::second, {0, 0}, Epoch(2));
  EXPECT_THROW(checker.traced(Place::first, io::ResyncBegan{Lsn(1)}), Violation);
}

Scenario without_third_vote(engine::Isolation isolation) {
  Scenario scenario;
  scenario.mix.isolation = isolation;
  return scenario;
}

/// The other node was left out.
io::ConfigurationDecided only_member(NodeId node) { return {{Epoch(2), node, Members::only(node)}}; }

/// Elected in isolation, by its own vote and that of its stand-in.
io::VoteCast lone_vote(NodeId node) {
  return {9, {engine::forced_epoch(Epoch(2), node), node, Members::only(node)}, true};
}

TEST(StandInIsAloneTest, AVoteBeforeTheTimeoutIsSeen) {
  World world(without_third_vote(engine::Isolation::takeover));
  StandInIsAlone checker(world);
  checker.started(Place::first);
  checker.traced(Place::first, only_member(NodeId::first));
  EXPECT_THROW(checker.traced(Place::first, lone_vote(NodeId::first)), Violation);
  world.run_until(world.mix().timeout * 2);
  checker.traced(Place::first, lone_vote(NodeId::first));
  checker.delivering(Place::first, io::LinkUp{io::Endpoint::peer});
  EXPECT_THROW(checker.traced(Place::first, lone_vote(NodeId::first)), Violation);
}

TEST(StandInIsAloneTest, AnElectionWithAnOrdinaryEpochIsSeen) {
  World world(without_third_vote(engine::Isolation::takeover));
  StandInIsAlone checker(world);
  checker.started(Place::first);
  world.run_until(world.mix().timeout * 2);
  io::VoteCast vote = lone_vote(NodeId::first);
  vote.configuration.epoch = Epoch(3);
  EXPECT_THROW(checker.traced(Place::first, vote), Violation);
}

TEST(StandInIsAloneTest, AVoteThatNobodyAllowsIsSeen) {
  World world(without_third_vote(engine::Isolation::wait));
  StandInIsAlone checker(world);
  checker.started(Place::first);
  world.run_until(world.mix().timeout * 2);
  EXPECT_THROW(checker.traced(Place::first, lone_vote(NodeId::first)), Violation);
  checker.delivering(Place::first, io::CommandGiven{io::CommandId(1), {.verb = io::Verb::prim, .force = true}});
  world.run_until(world.mix().timeout * 4);
  checker.traced(Place::first, lone_vote(NodeId::first));
}

TEST(StandInIsAloneTest, AVoteDuringAGrantIsSeen) {
  World world(without_third_vote(engine::Isolation::takeover));
  StandInIsAlone checker(world);
  checker.started(Place::first);
  checker.traced(Place::first, only_member(NodeId::first));
  world.run_until(world.mix().timeout);
  checker.frame_sent(Place::first, io::Endpoint::peer,
                     engine::encode(engine::Message{engine::HeartbeatReply{{}, true, {}}}));
  EXPECT_THROW(checker.traced(Place::first, lone_vote(NodeId::first)), Violation);
  world.run_until(world.mix().timeout * 3);
  checker.traced(Place::first, lone_vote(NodeId::first));
}

TEST(StandInIsAloneTest, AVoteOfWhoHasNotKeptAbreastIsSeen) {
  World world(without_third_vote(engine::Isolation::takeover));
  StandInIsAlone checker(world);
  checker.started(Place::first);
  world.run_until(world.mix().timeout * 2);
  EXPECT_THROW(checker.traced(Place::first, lone_vote(NodeId::first)), Violation);
  checker.traced(Place::first, only_member(NodeId::first));
  checker.traced(Place::first, lone_vote(NodeId::first));
}

TEST(GoneAloneTest, WhoHasNotHeardOfTheOtherOnesElectionIsApart) {
  World world(without_third_vote(engine::Isolation::takeover));
  GoneAlone alone(world);
  EXPECT_FALSE(alone.both_may_serve());
  const io::VoteCast vote = lone_vote(NodeId::second);
  alone.traced(Place::second, vote);
  EXPECT_TRUE(alone.apart(NodeId::first));
  EXPECT_FALSE(alone.apart(NodeId::second));
  EXPECT_TRUE(alone.began_alone(vote.configuration.epoch));
  alone.traced(Place::first, io::ConfigurationDecided{vote.configuration});
  EXPECT_FALSE(alone.apart(NodeId::first));
  EXPECT_TRUE(alone.both_may_serve()) << "its service has not ended yet";
}

}  // namespace
}  // namespace lockstep::sim
