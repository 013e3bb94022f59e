// A large tree is walked in slices: the loop goes on, and what is called meanwhile follows in its order.
#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <sys/stat.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

/// More than a slice.
constexpr int files = 1000;

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
  static bool lists(const Manifest& manifest, const std::string& name) {
    const auto& entries = manifest.entries;
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
  EXPECT_EQ(volume_->scanned().entries.size(), std::size_t{files});
}

TEST_F(VolumeWalk, RequestsTakeEffectWhileAScanGoesOn) {
  LinuxVolume& volume = volume_->volume();
  volume.scan(Ticket(1));
  volume.apply(Ticket(2), create_operation(root, "late", S_IFREG | 0644U), io::Origin::application);
  volume.apply(Ticket(3), unlink_operation(root, "f0"), io::Origin::application);
  volume.apply(Ticket(4), write_operation(file_, 0, "written late"), io::Origin::application);
  ASSERT_EQ(volume_->answers().size(), 3U) << "one of them waits";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answer<io::Applied>(i).error, 0);
  volume_->take(3);
  const Manifest tree = volume_->scanned();
  EXPECT_TRUE(lists(tree, "late"));
  EXPECT_FALSE(lists(tree, "f0"));
  const auto written = std::find_if(tree.objects.begin(), tree.objects.end(),
                                    [this](const ManifestObject& object) { return object.id == file_; });
  ASSERT_NE(written, tree.objects.end());
  EXPECT_EQ(written->attributes.size_bytes, 12U);
}

TEST_F(VolumeWalk, RequestsBehindASecondScanWaitForTheFirstOnly) {
  LinuxVolume& volume = volume_->volume();
  volume.scan(Ticket(1));
  volume.scan(Ticket(2));
  volume.apply(Ticket(3), create_operation(root, "late", S_IFREG | 0644U), io::Origin::application);
  volume.apply(Ticket(4), unlink_operation(root, "late"), io::Origin::application);
  volume.apply(Ticket(5), create_operation(root, "later", S_IFREG | 0644U), io::Origin::application);
  std::vector<Ticket> order;
  bool last = false;
  while (!last) {
    volume_->run_until_answers(1);
    if (const auto* applied = std::get_if<io::Applied>(&volume_->answers().front())) {
      EXPECT_EQ(applied->error, 0);
      order.push_back(applied->ticket);
    } else {
      const auto& scanned = answer<io::Scanned>(0);
      if (order.empty() || order.back() != scanned.ticket) order.push_back(scanned.ticket);
      last = scanned.last && scanned.ticket == Ticket(2);
    }
    volume_->take(1);
  }
  const auto at = [&order](Ticket ticket) { return std::find(order.begin(), order.end(), ticket) - order.begin(); };
  EXPECT_LT(at(Ticket(1)), at(Ticket(3)));
  EXPECT_LT(at(Ticket(3)), at(Ticket(4)));
  EXPECT_LT(at(Ticket(4)), at(Ticket(5)));
  EXPECT_LT(at(Ticket(5)), at(Ticket(2)));
}

TEST_F(VolumeWalk, WhatIsCalledBehindASurveyFollowsInItsOrder) {
  LinuxVolume& volume = volume_->volume();
  volume.survey(Ticket(1), {{root}, {}, 0});
  volume.apply(Ticket(2), create_operation(root, "late", S_IFREG | 0644U), io::Origin::application);
  volume.apply(Ticket(3), write_operation(file_, 0, "written late"), io::Origin::application);
  volume.read(Ticket(4), file_, 0, 100, 100);
  volume.survey(Ticket(5), {{root}, {}, 0});
  volume.apply(Ticket(6), unlink_operation(root, "late"), io::Origin::application);
  volume.list(Ticket(7), root, "late", 1);
  EXPECT_EQ(volume_->volume().status(file_).value.st_size, 0) << "nothing has changed yet";
  volume_->run_until_answers(7);
  EXPECT_FALSE(lists(answer<io::Scanned>(0).manifest, "late"));
  EXPECT_EQ(answer<io::Applied>(1).ticket, Ticket(2));
  EXPECT_EQ(answer<io::Applied>(2).ticket, Ticket(3));
  EXPECT_EQ(answer<io::RegionRead>(3).pieces.at(0).data.text(), "written late");
  EXPECT_TRUE(lists(answer<io::Scanned>(4).manifest, "late"));
  EXPECT_EQ(answer<io::Applied>(5).error, 0);
  EXPECT_TRUE(answer<io::Scanned>(6).manifest.entries.empty());
}

TEST_F(VolumeWalk, WhatWaitsForTheIndexIsNotOvertaken) {
  volume_->reopen();
  LinuxVolume& volume = volume_->volume();
  volume.index();
  volume.apply(Ticket(1), create_operation(root, "early", S_IFREG | 0644U), io::Origin::application);
  volume.survey(Ticket(2), {{root}, {}, 0});
  volume.apply(Ticket(3), create_operation(root, "late", S_IFREG | 0644U), io::Origin::application);
  ASSERT_EQ(volume_->answers().size(), 1U) << "the first request did not wait";
  volume_->run_until_answers(4);
  EXPECT_TRUE(std::holds_alternative<io::Indexed>(volume_->answers().at(1)));
  EXPECT_TRUE(lists(answer<io::Scanned>(2).manifest, "early"));
  EXPECT_FALSE(lists(answer<io::Scanned>(2).manifest, "late"));
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

TEST(VolumeWalkUnderLoad, AScanIsTheTreeAtTheInstantOfItsFirstPart) {
  if (!prepared()) GTEST_SKIP() << "needs root";
  TestVolume volume("ext4");
  VolumeLimits limits;
  limits.part_objects = 50;
  volume.reopen(limits);
  RestlessApplication application(volume, 1);
  int changed = 0;
  for (int round = 0; round < 40; ++round) {
    volume.volume().scan(Ticket(1));
    while (volume.answers().empty()) {
      // Its answers are taken at once, so that what is left is the scan's.
      for (int i = round % 4; i > 0; --i) {
        volume.volume().apply(Ticket(2), application.drawn_operation(), io::Origin::application);
        if (const auto* applied = std::get_if<io::Applied>(&volume.answers().front()); applied->error == 0) ++changed;
        volume.take(1);
      }
      volume.loop().restart();
      volume.loop().run_one();
    }
    const Manifest told = in_order(volume.scanned());
    const Manifest there = in_order(volume.scan());
    ASSERT_EQ(told.entries, there.entries) << "round " << round;
    ASSERT_EQ(told.objects.size(), there.objects.size()) << "round " << round;
    for (std::size_t i = 0; i < told.objects.size(); ++i) {
      ASSERT_EQ(told.objects[i], there.objects[i]) << "round " << round << ", " << to_string(told.objects[i].id);
    }
  }
  EXPECT_GT(changed, 500);
}

TEST(VolumeWalkUnderLoad, WhatMovesMeanwhileIsFoundByItsIdentity) {
  if (!prepared()) GTEST_SKIP() << "needs root";
  TestVolume volume("ext4");
  RestlessApplication application(volume, 2);
  std::size_t found = 0;
  for (int round = 0; round < 20; ++round) {
    const Manifest before = volume.scan();
    volume.reopen();
    for (const ManifestEntry& entry : before.entries) {  // as an application does, before it asks for anything
      if (entry.name.front() == 'd') volume.volume().lookup(entry.parent, entry.name);
    }
    volume.volume().index();
    bool indexed = false;
    while (!indexed) {
      volume.volume().apply(Ticket(2), application.drawn_operation(), io::Origin::application);
      volume.loop().restart();
      volume.loop().poll_one();
      for (const io::Event& event : volume.answers()) indexed |= std::holds_alternative<io::Indexed>(event);
      volume.take(volume.answers().size());
    }
    std::set<FileId> missing;
    for (const ManifestObject& object : before.objects) {
      if (!S_ISREG(object.attributes.mode)) continue;
      volume.volume().digest(Ticket(4), object.id, 0, 1, 1);
      const int error = volume.digested().error;
      if (error == ENOENT) missing.insert(object.id);
      if (error == 0) ++found;
    }
    for (const ManifestObject& object : volume.scan().objects) EXPECT_FALSE(missing.contains(object.id));
  }
  EXPECT_GT(found, 1000U);
}

}  // namespace
}  // namespace lockstep::linux_io::test
