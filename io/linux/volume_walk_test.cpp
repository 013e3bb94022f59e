// A large tree is walked in slices: the loop goes on, and what is called meanwhile follows in its order.
#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

/// More than a slice.
constexpr int files = 1000;
const FileId root = FileId::root();

class VolumeWalk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace("ext4");
    for (int i = 0; i < files; ++i) {
      volume_->request(create_operation(root, "f" + std::to_string(i), S_IFREG | 0644U));
    }
    file_ = volume_->find(root, "f500");
  }
  template <typename Event>
  const Event& answer(std::size_t index) {
    return std::get<Event>(volume_->answers().at(index));
  }
  static bool lists(const io::Scanned& scanned, const std::string& name) {
    const auto& entries = scanned.manifest.entries;
    return std::any_of(entries.begin(), entries.end(), [&](const ManifestEntry& entry) { return entry.name == name; });
  }

  std::optional<TestVolume> volume_;
  FileId file_;
};

TEST_F(VolumeWalk, TheLoopGoesOn) {
  volume_->volume().scan(Ticket(1));
  EXPECT_TRUE(volume_->answers().empty());
  bool ran_before = false;
  boost::asio::post(volume_->loop(), [&] { ran_before = volume_->answers().empty(); });
  volume_->run_until_answers(1);
  EXPECT_TRUE(ran_before);
  EXPECT_EQ(answer<io::Scanned>(0).manifest.entries.size(), std::size_t{files});
}

TEST_F(VolumeWalk, WhatIsCalledMeanwhileFollowsInItsOrder) {
  LinuxVolume& volume = volume_->volume();
  volume.scan(Ticket(1));
  volume.apply(Ticket(2), create_operation(root, "late", S_IFREG | 0644U), io::Origin::application);
  volume.apply(Ticket(3), write_operation(file_, 0, "written late"), io::Origin::application);
  volume.read(Ticket(4), file_, 0, 100, 100);
  volume.scan(Ticket(5));
  volume.apply(Ticket(6), unlink_operation(root, "late"), io::Origin::application);
  volume.list(Ticket(7), root, "late", 1);
  EXPECT_EQ(volume_->volume().status(file_).value.st_size, 0) << "nothing has changed yet";
  volume_->run_until_answers(7);
  EXPECT_FALSE(lists(answer<io::Scanned>(0), "late"));
  EXPECT_EQ(answer<io::Applied>(1).ticket, Ticket(2));
  EXPECT_EQ(answer<io::Applied>(2).ticket, Ticket(3));
  EXPECT_EQ(answer<io::RegionRead>(3).pieces.at(0).data.text(), "written late");
  EXPECT_TRUE(lists(answer<io::Scanned>(4), "late"));
  EXPECT_EQ(answer<io::Applied>(5).error, 0);
  EXPECT_TRUE(answer<io::Scanned>(6).manifest.entries.empty());
}

TEST_F(VolumeWalk, AnUnknownObjectIsLookedForInSlices) {
  volume_->reopen();
  volume_->volume().apply(Ticket(1), write_operation(file_, 0, "streamed"), io::Origin::stream);
  volume_->volume().apply(Ticket(2), write_operation(file_, 2, "S"), io::Origin::stream);
  volume_->volume().sync(Ticket(3), file_, false);
  EXPECT_TRUE(volume_->answers().empty());
  volume_->run_until_answers(3);
  EXPECT_EQ(answer<io::Applied>(0).error, 0);
  EXPECT_EQ(answer<io::Applied>(1).error, 0);
  EXPECT_EQ(answer<io::Synced>(2).error, 0);
  EXPECT_EQ(read_text(volume_->path() + "/f500"), "stSeamed");
}

TEST_F(VolumeWalk, SettingAsideFindsTheNameBeforeWhatFollowsRemovesIt) {
  volume_->volume().set_aside(Ticket(1), file_, Conflict{1, Epoch(1), Epoch(2)});
  volume_->volume().apply(Ticket(2), unlink_operation(root, "f500"), io::Origin::stream);
  EXPECT_TRUE(volume_->answers().empty());
  volume_->run_until_answers(2);
  for (const io::Event& event : volume_->answers()) {
    if (const auto* kept = std::get_if<io::SetAside>(&event)) {
      EXPECT_EQ(kept->error, 0);
    }
  }
  const auto records = read_conflicts(volume_->volume().conflicts()->directory());
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records.front().path, "f500");
}

TEST_F(VolumeWalk, AnEndInTheMiddleAnswersNothing) {
  volume_->volume().scan(Ticket(1));
  volume_->volume().apply(Ticket(2), unlink_operation(root, "f500"), io::Origin::stream);
  volume_->reopen();
  volume_->loop().restart();
  volume_->loop().run_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(volume_->answers().empty());
}

}  // namespace
}  // namespace lockstep::linux_io::test
