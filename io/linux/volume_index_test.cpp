// A volume whose index is on the disk looks at nothing when it starts, and finds everything nevertheless.
#include "engine/resync/touch.h"
#include "io/linux/object_index.h"
#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

class VolumeIndex : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace(GetParam());
    directory_ = made(root, "d", S_IFDIR | 0755U);
    file_ = made(directory_, "f", S_IFREG | 0644U);
    settle();
  }
  FileId made(FileId parent, const std::string& name, std::uint32_t mode) {
    return volume_->request(create_operation(parent, name, mode)).effect.file;
  }
  ~VolumeIndex() override { shell("rm -rf " + kept_); }

  /// As a common checkpoint does, with every object known.
  void settle() {
    index();
    checkpoint();
  }
  void checkpoint() {
    ASSERT_EQ(volume_->sync(FileId::none()), 0);
    ASSERT_EQ(shell("rm -rf " + kept_ + "/objects && cp -a " + path(".lockstep/objects") + " " + kept_), 0);
  }
  /// What the index was told since the last sync of everything is lost.
  void crash() {
    volume_->reopen({}, [this] {
      ASSERT_EQ(shell("rm -rf " + path(".lockstep/objects") + " && cp -a " + kept_ + "/objects " + path(".lockstep")),
                0);
    });
  }
  void index() {
    volume_->volume().index();
    volume_->run_until_answers(1);
    ASSERT_TRUE(std::holds_alternative<io::Indexed>(volume_->answers().front()));
    volume_->take(1);
  }
  /// Something that only a walk would find, and what it would leave there.
  void leave_a_trap() { ASSERT_EQ(write_text(path("trap"), ""), 0); }
  bool walked() { return ::getxattr(path("trap").c_str(), identity_attribute, nullptr, 0) > 0; }
  [[nodiscard]] std::string path(const std::string& name) const { return volume_->path() + "/" + name; }

  std::optional<TestVolume> volume_;
  FileId directory_;
  FileId file_;
  std::string kept_ = [] {
    std::string name = "/tmp/lockstep-index.XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
};

TEST_P(VolumeIndex, AStartLooksAtNothing) {
  volume_->reopen();
  leave_a_trap();
  index();
  EXPECT_EQ(volume_->stream(write_operation(file_, 0, "streamed")).error, 0);
  EXPECT_EQ(volume_->survey({{directory_}, {file_, {1, 999}}, 0}).entries.size(), 1U);
  EXPECT_EQ(read_text(path("d/f")), "streamed");
  EXPECT_FALSE(walked());
}

TEST_P(VolumeIndex, WithoutASyncOfEverythingAStartLooksAtAll) {
  ASSERT_EQ(shell("rm -rf " + path(".lockstep/objects")), 0);
  volume_->reopen();
  leave_a_trap();
  index();
  EXPECT_TRUE(walked());
  volume_->reopen();
  ASSERT_EQ(shell("rm " + path("trap")), 0);
  leave_a_trap();
  index();
  EXPECT_TRUE(walked());
}

TEST_P(VolumeIndex, WhatACrashTookFromTheIndexIsFoundByItsName) {
  const FileId late = made(directory_, "late", S_IFREG | 0644U);
  crash();
  leave_a_trap();
  const Manifest part = volume_->survey({{directory_}, {late}, 0});
  EXPECT_EQ(part.entries.size(), 2U);
  EXPECT_EQ(part.objects.size(), 3U);
  EXPECT_EQ(volume_->stream(write_operation(late, 0, "x")).error, 0);
  EXPECT_FALSE(walked());
}

TEST_P(VolumeIndex, TheStreamFindsWhatTheIndexLacks) {
  const FileId late = made(directory_, "late", S_IFREG | 0644U);
  crash();
  volume_->volume().apply(Ticket(1), write_operation(late, 0, "one"), io::Origin::stream);
  volume_->volume().apply(Ticket(2), write_operation(late, 3, "two"), io::Origin::stream);
  volume_->run_until_answers(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& applied = std::get<io::Applied>(volume_->answers().at(i));
    EXPECT_EQ(applied.ticket, Ticket(i + 1));
    EXPECT_EQ(applied.error, 0);
  }
  EXPECT_EQ(read_text(path("d/late")), "onetwo");
  volume_->take(2);
  EXPECT_EQ(volume_->stream(write_operation({1, 999}, 0, "x")).error, ENOENT);
}

TEST_P(VolumeIndex, AFileThatWasRestoredWithItsAttributesIsFound) {
  ASSERT_EQ(shell("cd " + path("d") + " && cp -a f g && rm f && mv g f"), 0);
  volume_->reopen();
  EXPECT_EQ(volume_->survey({{}, {file_}, 9}).objects.size(), 1U);
  volume_->reopen({}, [this] { shell("cd " + path("d") + " && cp -a f g && rm f && mv g f"); });
  EXPECT_EQ(volume_->stream(write_operation(file_, 0, "streamed")).error, 0);
  EXPECT_EQ(read_text(path("d/f")), "streamed");
}

TEST_P(VolumeIndex, ADirectoryThatIsAskedForAndFoundByItsNameIsEntered) {
  for (const Period young : {Period{0}, Period{9}}) {
    const FileId late = made(root, "late" + std::to_string(young), S_IFDIR | 0755U);
    made(late, "inside", S_IFREG | 0644U);
    crash();
    leave_a_trap();
    const Manifest part = volume_->survey({{root, late}, {}, young});
    EXPECT_EQ(std::count(part.listed.begin(), part.listed.end(), late), 1);
    EXPECT_EQ(std::count_if(part.entries.begin(), part.entries.end(), [](auto& e) { return e.name == "inside"; }), 1);
  }
}

// The index may still lead to an inode that has got another identity since.
TEST_P(VolumeIndex, AnObjectIsNotTakenForAnother) {
  const FileId given{5, 5000};
  Operation identify;
  identify.kind = OperationKind::identify;
  identify.parent = directory_;
  identify.name = "f";
  identify.file = given;
  EXPECT_EQ(volume_->stream(identify).error, 0);
  crash();
  EXPECT_TRUE(volume_->survey({{}, {file_}, 9}).objects.empty());
  EXPECT_EQ(volume_->find(directory_, "f"), given);
  EXPECT_EQ(volume_->stream(write_operation(given, 0, "x")).error, 0);
}

TEST_P(VolumeIndex, NeitherAnApplicationNorTheStreamCanReachIt) {
  const FileId staging = FileId::staging();
  EXPECT_EQ(volume_->stream(create_operation(staging, index_name, S_IFDIR | 0755U)).error, EPERM);
  volume_->survey({});  // the stream is broken
  EXPECT_EQ(volume_->stream(unlink_operation(staging, index_name, flag_remove_directory)).error, EPERM);
  const Manifest tree = volume_->scan();
  for (const ManifestEntry& entry : tree.entries) EXPECT_NE(entry.parent, staging);
  EXPECT_TRUE(volume_->list(staging, "", 10).manifest.entries.empty());
}

// The index takes its changes to the disk although nobody syncs everything.
TEST_P(VolumeIndex, TakesInManyObjects) {
  std::set<FileId> ids;
  for (int i = 0; i < 17000; ++i) ids.insert(made(directory_, "n" + std::to_string(i), S_IFREG | 0644U));
  EXPECT_EQ(ids.size(), 17000U);
  ASSERT_EQ(volume_->sync(file_), 0);  // ends after what was begun before
  EXPECT_GT(std::stoi(shell_output("cat " + path(".lockstep/objects/*.log") + " | wc -c")), 500'000);
  settle();
  volume_->reopen();
  leave_a_trap();
  index();
  for (const FileId& id : ids) ASSERT_EQ(volume_->volume().status(id).error, 0);
  EXPECT_FALSE(walked());
}

void list_touched(const Operation& operation, Period period, SurveyRequest& request) {
  constexpr std::uint64_t region_bytes = 4096;
  for (const engine::Touch& touch : engine::touches_of(operation, period, region_bytes)) {
    (touch.kind == engine::TouchKind::names ? request.directories : request.objects).push_back(touch.file);
  }
}

// The kernel reads a directory's parent when it opens the directory by a handle that it has no name of, and that moves
// the parent's access time: it may differ between two looks.
void leave_out_access_times_of_directories(Manifest& manifest) {
  for (ManifestObject& object : manifest.objects) {
    if (S_ISDIR(object.attributes.mode)) object.attributes.atime_ns = 0;
  }
}

// Between two common checkpoints there may be several periods, and crashes that take different things.
TEST_P(VolumeIndex, ASurveyFindsWhateverHasChangedWithoutWhatACrashHasTaken) {
  RestlessApplication application(*volume_, 3);
  checkpoint();
  Period period = 1;
  std::size_t young = 0;
  for (int round = 0; round < 40; ++round) {
    SurveyRequest request;
    request.young_from = ++period;
    volume_->volume().identify_in(period);
    checkpoint();
    for (unsigned left = 1 + application.below(80); left != 0; --left) {
      if (application.below(20) == 0) volume_->volume().identify_in(++period);
      const Operation drawn = application.drawn_operation();
      const auto applied = volume_->request(drawn);
      list_touched(drawn, period, request);
      if (applied.error == 0) application.learn(applied.effect);
      if (application.below(40) != 0) continue;
      crash();
      volume_->volume().identify_in(++period);
    }
    request.sort();
    crash();
    Manifest found = in_order(volume_->survey(request));
    leave_out_access_times_of_directories(found);
    for (const ManifestObject& object : found.objects) young += is_young(object.id, request.young_from) ? 1 : 0;
    volume_->reopen({}, [this] { shell("rm -rf " + path(".lockstep/objects")); });
    Manifest there = in_order(volume_->survey(request));
    leave_out_access_times_of_directories(there);
    ASSERT_EQ(found.listed, there.listed) << "round " << round;
    ASSERT_EQ(found.entries, there.entries) << "round " << round;
    ASSERT_EQ(found.objects.size(), there.objects.size()) << "round " << round;
    for (std::size_t i = 0; i < there.objects.size(); ++i) ASSERT_EQ(found.objects[i], there.objects[i]);
  }
  EXPECT_GT(young, 100U);
}

INSTANTIATE_TEST_SUITE_P(Filesystems, VolumeIndex, ::testing::Values("ext4", "xfs"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
