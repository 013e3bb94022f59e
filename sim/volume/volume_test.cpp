#include "sim/volume/volume.h"

#include "sim/fake_host.h"
#include "sim/hash.h"

#include <cerrno>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class Counting : public VolumeObserver {
 public:
  void applied(NodeId, std::uint64_t, const Operation&, io::Origin, bool) override { ++count; }
  void rotted(NodeId, FileId, std::uint64_t, std::uint64_t) override {}
  int count = 0;
};

class VolumeTest : public testing::Test {
 protected:
  static Operation create(const std::string& name) {
    Operation operation;
    operation.kind = OperationKind::create;
    operation.parent = FileId::root();
    operation.name = name;
    operation.attributes.mode = S_IFREG | 0644;
    return operation;
  }

  FakeHost host_;
  Counting observer_;
  SimVolume volume_{NodeId::first, host_, Random(1), observer_};
};

TEST_F(VolumeTest, AnswersInTheOrderOfTheCalls) {
  for (std::uint64_t i = 1; i <= 50; ++i) {
    volume_.apply(Ticket(i), create("n" + std::to_string(i % 40)), io::Origin::application);
  }
  host_.run();
  ASSERT_EQ(host_.delivered.size(), 50U);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const auto& applied = std::get<io::Applied>(host_.delivered[i - 1]);
    EXPECT_EQ(applied.ticket, Ticket(i));
    EXPECT_EQ(applied.error != 0, i > 40);
  }
  EXPECT_EQ(observer_.count, 40);
}

TEST_F(VolumeTest, CallsInTheQueueDieWithTheProcess) {
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  host_.end_life();
  volume_.process_ended();
  host_.run();
  EXPECT_TRUE(host_.delivered.empty());
  EXPECT_TRUE(volume_.filesystem().inode(Filesystem::root_number).entries.empty());
}

TEST_F(VolumeTest, DigestsEndWithTheFile) {
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  host_.run();
  Operation write;
  write.kind = OperationKind::write;
  write.file = std::get<io::Applied>(host_.delivered[0]).effect.file;
  write.data = Buffer::copy_of("0123456789");
  volume_.apply(Ticket(2), write, io::Origin::application);
  volume_.digest(Ticket(3), write.file, 0, 100, 4);
  volume_.read(Ticket(4), write.file, 8, 100, 4);
  host_.run();
  const auto& digested = std::get<io::Digested>(host_.delivered[2]);
  ASSERT_EQ(digested.digests.size(), 3U);
  EXPECT_EQ(digested.digests[0], xxh3("0123"));
  EXPECT_EQ(digested.digests[2], xxh3("89"));
  const auto& pieces = std::get<io::RegionRead>(host_.delivered[3]).pieces;
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].data.text(), "89");
}

TEST_F(VolumeTest, WhatIsReadComesInPieces) {
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  host_.run();
  Operation write;
  write.kind = OperationKind::write;
  write.file = std::get<io::Applied>(host_.delivered[0]).effect.file;
  write.offset = 10'000;  // behind a hole
  write.data = Buffer::copy_of("abc" + std::string(1'000, '\0') + "d");
  volume_.apply(Ticket(2), write, io::Origin::application);
  volume_.read(Ticket(3), write.file, 2, 12'000, 500);
  volume_.read(Ticket(4), write.file, 20'000, 11'000, 500);
  host_.run();
  const auto& pieces = std::get<io::RegionRead>(host_.delivered[2]).pieces;
  ASSERT_EQ(pieces.size(), 4U);
  EXPECT_TRUE(pieces[0].zero());
  EXPECT_EQ(pieces[0].offset, 2U);
  EXPECT_EQ(pieces[0].length, 9'500U);
  EXPECT_EQ(pieces[1].offset, 9'502U);
  EXPECT_EQ(pieces[1].data.text().substr(498, 3), "abc");
  EXPECT_EQ(pieces[1].length, 1'000U);
  EXPECT_TRUE(pieces[2].zero());
  EXPECT_EQ(pieces[3].length, 2U) << "the file ends";
  EXPECT_TRUE(std::get<io::RegionRead>(host_.delivered[3]).pieces.empty());
}

TEST_F(VolumeTest, SyncMakesWhatWasCalledBeforeDurable) {
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  volume_.sync(Ticket(2), FileId::none(), false);
  host_.run();
  EXPECT_TRUE(std::holds_alternative<io::Synced>(host_.delivered.back()));
  EXPECT_TRUE(volume_.disk().names_durable(1));
}

TEST_F(VolumeTest, WhatIsSetAsideIsAsItWasAndOutlivesAPowerLoss) {
  const Conflict conflict{7, Epoch(1), Epoch(2)};
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  host_.run();
  Operation write{.kind = OperationKind::write};
  write.file = std::get<io::Applied>(host_.delivered[0]).effect.file;
  write.data = Buffer::copy_of("first");
  volume_.apply(Ticket(2), write, io::Origin::application);
  volume_.set_aside(Ticket(3), write.file, conflict);
  host_.run();
  EXPECT_EQ(std::get<io::SetAside>(host_.delivered.back()).error, 0);
  write.data = Buffer::copy_of("second");
  volume_.apply(Ticket(4), write, io::Origin::application);
  volume_.set_aside(Ticket(5), write.file, conflict);
  volume_.set_aside(Ticket(6), FileId{1, 99}, conflict);
  host_.run();
  EXPECT_EQ(std::get<io::SetAside>(host_.delivered.back()).error, ENOENT);
  Random random(1);
  volume_.power_lost(random);
  ASSERT_EQ(volume_.kept().size(), 1U);
  EXPECT_EQ(volume_.kept().begin()->second.content.size(), 5U);
}

TEST_F(VolumeTest, ACopyThatIsCutShortIsNotKept) {
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  host_.run();
  volume_.set_aside(Ticket(2), std::get<io::Applied>(host_.delivered[0]).effect.file, {7, Epoch(1), Epoch(2)});
  host_.end_life();
  volume_.process_ended();
  host_.run();
  EXPECT_TRUE(volume_.kept().empty());
}

}  // namespace
}  // namespace lockstep::sim
