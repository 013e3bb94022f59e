// What is set aside is kept whole, out of sight, and given back byte for byte: on ext4 and XFS.
#include "io/linux/compare_trees.h"
#include "io/linux/conflict_restore.h"
#include "io/linux/volume_test_tools.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

const Conflict conflict{77, Epoch(5), Epoch(98304)};

class Conflicts : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace(GetParam());
  }
  FileId made(const Operation& operation) { return volume_->request(operation).effect.file; }
  FileId file(const FileId& parent, const std::string& name, const std::string& text) {
    const FileId id = made(create_operation(parent, name, S_IFREG | 0640U));
    volume_->request(write_operation(id, 0, text));
    return id;
  }
  [[nodiscard]] const ConflictStore& store() { return *volume_->volume().conflicts(); }
  std::vector<ConflictRecord> records() { return read_conflicts(store().directory()); }
  std::string kept_text(const ConflictRecord& record) {
    const Descriptor contents = open_kept(store().directory(), record);
    std::string text(record.attributes.size_bytes, '?');
    EXPECT_EQ(::pread(contents.fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

  std::optional<TestVolume> volume_;
};

TEST_P(Conflicts, WhatIsSetAsideIsGivenBackAsItWas) {
  const FileId directory = made(create_operation(root, "d", S_IFDIR | 0750U));
  const FileId id = file(directory, "f", "begin");
  volume_->request(write_operation(id, 20 << 20, "behind a hole"));
  volume_->request(xattr_operation(id, "user.a", "b"));
  Attributes attributes;
  attributes.mask = attribute_uid | attribute_mtime | attribute_atime | attribute_mode;
  attributes.uid = 1234;
  attributes.mode = 04711;
  attributes.mtime_ns = 1'500'000'000'000'000'017;
  attributes.atime_ns = 1'400'000'000'000'000'000;
  volume_->request(attributes_operation(id, attributes));
  made(create_operation(directory, "l", S_IFLNK | 0777U, "f"));
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  ASSERT_EQ(volume_->set_aside(volume_->find(directory, "l"), conflict), 0);
  ASSERT_EQ(volume_->set_aside(directory, conflict), 0);

  const auto kept = records();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].path, "d");
  EXPECT_EQ(kept[1].path, "d/f");
  EXPECT_EQ(kept[2].path, "d/l");
  EXPECT_EQ(kept[1].conflict, conflict);
  const LoopFilesystem elsewhere("ext4");
  const Descriptor top(::open(elsewhere.path().c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(restore_kept(store().directory(), kept[0], top.fd(), "d"), 0);
  const Descriptor within(::openat(top.fd(), "d", O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(restore_kept(store().directory(), kept[1], within.fd(), "f"), 0);
  ASSERT_EQ(restore_kept(store().directory(), kept[2], within.fd(), "l"), 0);
  EXPECT_EQ(restore_kept(store().directory(), kept[1], within.fd(), "f"), EEXIST);
  struct stat closed {};
  ASSERT_EQ(::fstatat(top.fd(), "d", &closed, 0), 0);
  EXPECT_EQ(closed.st_mode, S_IFDIR | 0700U);
  ASSERT_EQ(dress_restored(kept[0], top.fd(), "d"), 0);
  EXPECT_EQ(compare_trees(volume_->path() + "/d", elsewhere.path() + "/d"), std::vector<std::string>{});
  struct stat status {};
  ASSERT_EQ(::fstatat(within.fd(), "f", &status, 0), 0);
  EXPECT_LT(status.st_blocks, 1000);
}

TEST_P(Conflicts, WhatTookTheNameOfARestoredDirectoryIsLeftAlone) {
  const FileId directory = made(create_operation(root, "d", S_IFDIR | 0777U));
  ASSERT_EQ(volume_->set_aside(directory, conflict), 0);
  const LoopFilesystem elsewhere("ext4");
  const Descriptor top(::open(elsewhere.path().c_str(), O_RDONLY | O_DIRECTORY));
  shell("cd " + elsewhere.path() + "; mkdir -m 0711 target; ln -s target d");
  EXPECT_EQ(dress_restored(records().at(0), top.fd(), "d"), ESTALE);
  shell("cd " + elsewhere.path() + "; rm d; mv target d");
  EXPECT_EQ(dress_restored(records().at(0), top.fd(), "d"), ESTALE);
  EXPECT_EQ(shell_output("stat -c %a " + elsewhere.path() + "/d"), "711\n");
}

TEST_P(Conflicts, APathThatLeadsOutIsNotRead) {
  const FileId id = file(root, "f", "mine");
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  ConflictRecord record = records().at(0);
  for (const std::string path : {"../f", "d/../../f", "/f", "d//f", ""}) {
    record.path = path;
    ++record.conflict.number;
    ASSERT_EQ(volume_->volume().conflicts()->keep(record, Descriptor()), 0);
  }
  EXPECT_EQ(records().size(), 1U);
}

TEST_P(Conflicts, TheFirstCopyOfAConflictStays) {
  const FileId id = file(root, "f", "mine");
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  volume_->request(write_operation(id, 0, "mixture"));
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(kept_text(records()[0]), "mine");
  // Another conflict is another matter.
  Conflict next = conflict;
  next.number = 78;
  ASSERT_EQ(volume_->set_aside(id, next), 0);
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(store().totals().objects, 2U);
  EXPECT_EQ(store().totals().bytes, 11U);
}

TEST_P(Conflicts, NobodySeesWhatIsKept) {
  const FileId id = file(root, "f", "mine");
  const Manifest before = volume_->scan();
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  EXPECT_EQ(volume_->scan(), before);
  EXPECT_EQ(volume_->volume().lookup(root, conflicts_name).error, ENOENT);
  EXPECT_EQ(volume_->request(create_operation(root, conflicts_name, S_IFREG | 0644U)).error, EPERM);
  EXPECT_EQ(volume_->stream(unlink_operation(root, conflicts_name, flag_remove_directory)).error, EPERM);
}

TEST_P(Conflicts, WhatIsKeptOutlivesTheProcessAndGoesWhenItIsGivenUp) {
  const FileId id = file(root, "f", "mine");
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  const std::string directory = volume_->path() + "/" + conflicts_name + "/";
  // Of copies that were cut short.
  shell("echo part >" + directory + "x.contents; echo part >" + directory + "y.unfinished");
  volume_->reopen();
  EXPECT_EQ(store().totals().objects, 1U);
  EXPECT_EQ(shell_output("ls " + directory + " | wc -l"), "2\n");
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  EXPECT_EQ(volume_->volume().conflicts()->drop({"nothing", records()[0].key()}), 1U);
  EXPECT_EQ(store().totals().objects, 0U);
  EXPECT_EQ(shell_output("ls " + directory + " | wc -l"), "0\n");
}

TEST_P(Conflicts, ADirectoryOfSomebodyElseIsNotTrusted) {
  const LoopFilesystem elsewhere(GetParam());
  const std::string directory = elsewhere.path() + "/" + conflicts_name;
  const Descriptor top(::open(elsewhere.path().c_str(), O_RDONLY | O_DIRECTORY));
  shell("mkdir -m 0700 " + directory + "; echo part >" + directory + "/x.contents; chown 1234 " + directory);
  EXPECT_EQ(ConflictStore().open(top.fd()), EPERM);
  shell("chown 0 " + directory + "; chmod 0755 " + directory);
  EXPECT_EQ(ConflictStore().open(top.fd()), EPERM);
  EXPECT_EQ(shell_output("ls " + directory), "x.contents\n");
  shell("chmod 0700 " + directory);
  EXPECT_EQ(ConflictStore().open(top.fd()), 0);
  EXPECT_EQ(shell_output("ls " + directory), "");
}

TEST_P(Conflicts, WhatIsParkedHasANameToo) {
  const FileId id = file(root, "f", "mine");
  volume_->stream(rename_operation(root, "f", FileId::staging(), "parked"));
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  EXPECT_EQ(records().at(0).path, "lockstep-recovered-" + to_string(id));
}

TEST_P(Conflicts, WhatCannotBeKeptIsNotListed) {
  const FileId id = file(root, "f", std::string(1 << 20, 'x'));
  EXPECT_EQ(volume_->set_aside({9, 9}, conflict), ENOENT);
  shell("dd if=/dev/zero of=" + volume_->path() + "/full bs=64k 2>/dev/null; sync -f " + volume_->path());
  const int error = volume_->set_aside(id, conflict);
  EXPECT_TRUE(records().empty() == (error != 0));
  EXPECT_EQ(store().totals().objects, records().size());
  shell("rm " + volume_->path() + "/full");
  EXPECT_EQ(volume_->set_aside(id, conflict), 0);
  EXPECT_EQ(records().size(), 1U);
}

TEST_P(Conflicts, ADamagedRecordIsNotRead) {
  const FileId id = file(root, "f", "mine");
  ASSERT_EQ(volume_->set_aside(id, conflict), 0);
  const Buffer bytes = encode(records()[0]);
  ASSERT_EQ(decode_conflict(bytes), records()[0]);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> damaged(bytes.bytes().begin(), bytes.bytes().end());
    damaged[i] ^= std::byte{1};
    EXPECT_FALSE(decode_conflict(Buffer(std::move(damaged))).has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Filesystems, Conflicts, ::testing::Values("ext4", "xfs"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
