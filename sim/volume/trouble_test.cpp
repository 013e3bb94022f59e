#include "sim/fake_host.h"
#include "sim/volume/ranges.h"
#include "sim/volume/volume.h"

#include <cerrno>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class TroubleTest : public testing::TestWithParam<std::uint64_t>, public VolumeObserver {
 protected:
  void applied(NodeId, std::uint64_t, const Operation&, io::Origin, bool) override {}
  void rotted(NodeId, FileId file, std::uint64_t offset, std::uint64_t length) override {
    rotten_.add(file, offset, length);
  }

  static Operation create(const std::string& name, FileId file = {}) {
    Operation operation;
    operation.kind = OperationKind::create;
    operation.parent = FileId::root();
    operation.name = name;
    operation.file = file;
    operation.attributes.mode = S_IFREG | 0644;
    return operation;
  }
  static Operation write(FileId file, const std::string& text) {
    Operation operation;
    operation.kind = OperationKind::write;
    operation.file = file;
    operation.data = Buffer::copy_of(text);
    return operation;
  }
  io::Applied apply(const Operation& operation, io::Origin origin = io::Origin::application) {
    volume_.apply(Ticket(++ticket_), operation, origin);
    host_.run();
    return std::get<io::Applied>(host_.delivered.back());
  }
  int sync(FileId file = FileId::none()) {
    volume_.sync(Ticket(++ticket_), file, false);
    host_.run();
    return std::get<io::Synced>(host_.delivered.back()).error;
  }
  [[nodiscard]] std::string text(FileId file) const {
    const Inode* inode = volume_.filesystem().find(file);
    if (inode == nullptr) return "(gone)";
    const auto bytes = inode->content.read(0, inode->content.size());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void lose_power() {
    Random random(GetParam() + 100);
    volume_.power_lost(random);
  }

  FakeHost host_;
  SimVolume volume_{NodeId::first, host_, Random(GetParam()), *this};
  std::uint64_t ticket_ = 0;
  Ranges rotten_;
};

TEST_P(TroubleTest, WhatIsRefusedChangesNothing) {
  volume_.trouble().requests = {1, EDQUOT};
  EXPECT_EQ(apply(create("a")).error, EDQUOT);
  volume_.trouble() = {};
  EXPECT_EQ(apply(create("a")).error, 0);
}

TEST_P(TroubleTest, NothingOfTheStreamFollowsAGapUntilTheNextScan) {
  volume_.trouble().stream = {1, ENOSPC};
  EXPECT_EQ(apply(create("a", FileId{1, 1}), io::Origin::stream).error, ENOSPC);
  volume_.trouble() = {};
  EXPECT_EQ(apply(create("b", FileId{1, 2}), io::Origin::stream).error, ECANCELED);
  EXPECT_EQ(apply(create("c")).error, 0);
  volume_.scan(Ticket(++ticket_));
  host_.run();
  EXPECT_EQ(apply(create("b", FileId{1, 2}), io::Origin::stream).error, 0);
}

TEST_P(TroubleTest, AShortWriteIsReportedAsShort) {
  const FileId file = apply(create("a")).effect.file;
  volume_.trouble().short_write_one_in = 1;
  const io::Applied applied = apply(write(file, "0123456789"));
  EXPECT_EQ(applied.error, 0);
  EXPECT_GT(applied.bytes, 0U);
  EXPECT_LT(applied.bytes, 10U);
  EXPECT_EQ(applied.effect.data.size(), applied.bytes);
  EXPECT_EQ(text(file), std::string("0123456789").substr(0, applied.bytes));
  EXPECT_NE(apply(write(file, "0123456789"), io::Origin::stream).error, 0);
}

TEST_P(TroubleTest, WhatAFailedSyncDroppedIsNeverWrittenAndMayBeGoneAfterAPowerLoss) {
  const FileId file = apply(create("a")).effect.file;
  apply(write(file, "old"));
  ASSERT_EQ(sync(), 0);
  apply(write(file, "new"));
  volume_.trouble().failing_syncs = 1;
  EXPECT_EQ(sync(), EIO);
  EXPECT_EQ(text(file), "new");
  EXPECT_EQ(sync(), 0) << "a failure is reported once";
  const bool durable = volume_.disk().contents_durable(*volume_.filesystem().number_of(file), 3);
  lose_power();
  EXPECT_EQ(text(file), durable ? "new" : "old");
}

TEST_P(TroubleTest, WhatIsWrittenAnewIsKept) {
  const FileId file = apply(create("a")).effect.file;
  apply(write(file, "new"));
  volume_.trouble().failing_syncs = 1;
  sync();
  apply(write(file, "new"));
  EXPECT_EQ(sync(), 0);
  lose_power();
  EXPECT_EQ(text(file), "new");
}

TEST_P(TroubleTest, ASectorThatCannotBeReadFailsAllThatIsReadWithIt) {
  const FileId file = apply(create("a")).effect.file;
  apply(write(file, "x" + std::string(20'000, '\0') + "x"));
  volume_.trouble().unreadable.add(file, 10'000, 512);
  volume_.read(Ticket(1), file, 0, 30'000, 1'000);
  volume_.read(Ticket(2), file, 10'512, 30'000, 1'000);
  host_.run();
  const auto& failed = std::get<io::RegionRead>(host_.delivered[host_.delivered.size() - 2]);
  EXPECT_EQ(failed.error, EIO);
  EXPECT_TRUE(failed.pieces.empty());
  EXPECT_EQ(std::get<io::RegionRead>(host_.delivered.back()).pieces.size(), 2U);
}

TEST_P(TroubleTest, ADiskThatHangsAnswersAfterwardsInOrder) {
  volume_.hang();
  volume_.apply(Ticket(1), create("a"), io::Origin::application);
  volume_.sync(Ticket(2), FileId::none(), false);
  volume_.apply(Ticket(3), create("b"), io::Origin::application);
  host_.run();
  EXPECT_TRUE(host_.delivered.empty());
  EXPECT_EQ(volume_.queued(), 3U);
  EXPECT_TRUE(volume_.filesystem().inode(Filesystem::root_number).entries.empty());
  volume_.resume();
  host_.run();
  ASSERT_EQ(host_.delivered.size(), 3U);
  EXPECT_EQ(std::get<io::Applied>(host_.delivered[0]).ticket, Ticket(1));
  EXPECT_EQ(volume_.queued(), 0U);
}

TEST_P(TroubleTest, ASyncThatHangsIsFinishedLater) {
  apply(create("a"));
  volume_.sync(Ticket(2), FileId::none(), false);
  host_.run(2 * one_ms / 5);
  volume_.hang();
  host_.run();
  EXPECT_FALSE(volume_.disk().names_durable(1));
  volume_.resume();
  host_.run();
  EXPECT_TRUE(volume_.disk().names_durable(1));
}

TEST_P(TroubleTest, RotFlipsOneBitOfWhatIsOnDiskAndSaysWhere) {
  const FileId file = apply(create("a")).effect.file;
  const std::string before(5000, 'x');
  apply(write(file, before));
  volume_.rot();
  EXPECT_EQ(text(file), before) << "it is not on disk yet";
  sync();
  volume_.rot();
  const std::string after = text(file);
  ASSERT_EQ(after.size(), before.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i] == before[i]) continue;
    ++changed;
    EXPECT_TRUE(rotten_.touch(file, i, 1));
  }
  EXPECT_EQ(changed, 1U);
}

TEST_P(TroubleTest, AMisdirectedWriteLandsInAnotherFile) {
  const FileId victim = apply(create("victim")).effect.file;
  apply(write(victim, "good"));
  sync();
  const FileId file = apply(create("a")).effect.file;
  volume_.trouble().misdirected_writes = 1;
  EXPECT_EQ(apply(write(file, "lost")).error, 0);
  EXPECT_EQ(text(file), std::string(4, '\0'));
  EXPECT_EQ(text(victim), "lost");
  EXPECT_TRUE(rotten_.touch(file, 0, 4));
  EXPECT_TRUE(rotten_.touch(victim, 3, 1));
  EXPECT_EQ(apply(write(file, "kept")).error, 0);
  EXPECT_EQ(text(file), "kept");
}

TEST(RangesTest, RemovingSplitsAndCuts) {
  Ranges ranges;
  const FileId file{1, 1};
  ranges.add(file, 10, 10);
  ranges.remove(file, 13, 2);
  EXPECT_TRUE(ranges.touch(file, 0, 11));
  EXPECT_FALSE(ranges.touch(file, 13, 2));
  EXPECT_TRUE(ranges.touch(file, 15, 1));
  ranges.remove(file, 12, UINT64_MAX);
  EXPECT_FALSE(ranges.touch(file, 12, UINT64_MAX));
  ranges.remove(file, 0, 12);
  EXPECT_EQ(ranges.of(file), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TroubleTest, testing::Range<std::uint64_t>(1, 20));

}  // namespace
}  // namespace lockstep::sim
