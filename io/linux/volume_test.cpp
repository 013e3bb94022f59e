// What is requested of one volume, fed as a stream to another, gives equal trees: on ext4 and XFS.
#include "io/linux/volume.h"

#include "io/linux/compare_trees.h"
#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unordered_set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <xxhash.h>

namespace lockstep::linux_io::test {
namespace {

/// `content`: what is to be read at `offset`.
void expect_pieces(const std::vector<FilePiece>& pieces, const std::string& content, std::uint64_t offset,
                   std::uint32_t chunk_bytes) {
  std::size_t reached = 0;
  bool zero_before = false;
  for (const FilePiece& piece : pieces) {
    EXPECT_EQ(piece.offset, offset + reached);
    EXPECT_TRUE(reached == 0 || piece.zero() != zero_before) << "neighbours are different";
    zero_before = piece.zero();
    const std::string part = content.substr(reached, piece.length);
    EXPECT_EQ(part.size(), piece.length);
    EXPECT_TRUE(piece.zero() || piece.data.text() == part);
    for (std::size_t at = 0; at < part.size(); at += chunk_bytes) {
      EXPECT_EQ(
          all_zero(std::as_bytes(std::span(part)).subspan(at, std::min<std::size_t>(chunk_bytes, part.size() - at))),
          piece.zero());
    }
    reached += piece.length;
  }
  EXPECT_EQ(reached, content.size());
}

class VolumePair : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    a_.emplace(GetParam());
    b_.emplace(GetParam());
    // The roots are made at different times; a first synchronisation would set them equal.
    Attributes times;
    times.mask = attribute_mtime;
    times.mtime_ns = 1'600'000'000'123'456'789;
    a_->request(attributes_operation(root, times));
    b_->request(attributes_operation(root, times));
  }

  /// Asks A, and gives the effect to B.
  io::Applied both(const Operation& operation) {
    auto applied = a_->request(operation);
    if (applied.error == 0 && applied.replicated) {
      const auto on_b = b_->stream(applied.effect);
      EXPECT_EQ(on_b.error, 0) << describe(applied.effect);
    }
    return applied;
  }
  FileId made(const Operation& operation) {
    const auto applied = both(operation);
    EXPECT_EQ(applied.error, 0) << describe(operation);
    return applied.effect.file;
  }
  void expect_equal() {
    b_->volume().settle();
    EXPECT_EQ(compare_trees(a_->path(), b_->path()), std::vector<std::string>{});
    Manifest on_a = a_->scan();
    Manifest on_b = b_->scan();
    // Access times follow no operation.
    for (Manifest* manifest : {&on_a, &on_b}) {
      for (ManifestObject& object : manifest->objects) object.attributes.atime_ns = 0;
    }
    EXPECT_EQ(on_a, on_b);
  }

  std::optional<TestVolume> a_;
  std::optional<TestVolume> b_;
};

TEST_P(VolumePair, CreatesEveryTypeWithOwnersModesAndTimes) {
  auto file = create_operation(root, "file", S_IFREG | 06755U);
  file.attributes.uid = 1000;
  file.attributes.gid = 100;
  made(file);
  const FileId directory = made(create_operation(root, "directory", S_IFDIR | 01777U));
  Attributes setgid;
  setgid.mask = attribute_mode;
  setgid.mode = 03777;
  both(attributes_operation(directory, setgid));
  made(create_operation(directory, "symlink", S_IFLNK | 0777U, "../file/that/is/nowhere"));
  made(create_operation(directory, "fifo", S_IFIFO | 0666U));
  made(create_operation(directory, "socket", S_IFSOCK | 0600U));
  auto device = create_operation(directory, "device", S_IFCHR | 0640U);
  device.attributes.rdev = ::makedev(1, 3);
  device.attributes.gid = 6;
  const auto in_setgid = both(device);
  EXPECT_EQ(in_setgid.effect.attributes.gid, 0U) << "the group comes from the set-group-ID directory";
  expect_equal();
  struct stat status {};
  ASSERT_EQ(::lstat((b_->path() + "/file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFREG | 06755U);
  EXPECT_EQ(status.st_uid, 1000U);
}

TEST_P(VolumePair, RefusesNamesThatLeadOut) {
  for (const std::string name : {"", ".", "..", "a/b", "../x", "/etc"}) {
    EXPECT_EQ(b_->stream(create_operation(root, name, S_IFREG | 0644U)).error, EINVAL) << name;
    EXPECT_EQ(b_->request(unlink_operation(root, name)).error, EINVAL) << name;
    b_->scan();  // after an error nothing more of a stream is applied before a scan
  }
  EXPECT_EQ(b_->stream(create_operation(root, std::string("a\0b", 3), S_IFREG | 0644U)).error, EINVAL);
  EXPECT_EQ(a_->request(create_operation(root, ".lockstep", S_IFREG | 0644U)).error, EPERM);
  EXPECT_EQ(a_->request(unlink_operation(root, ".lockstep", flag_remove_directory)).error, EPERM);
  EXPECT_EQ(a_->volume().lookup(root, ".lockstep").error, ENOENT);
  expect_equal();
}

TEST_P(VolumePair, SymbolicLinksAreNeverFollowed) {
  made(create_operation(root, "out", S_IFLNK | 0777U, "/tmp"));
  const FileId link = a_->find(root, "out");
  EXPECT_EQ(a_->request(create_operation(link, "x", S_IFREG | 0644U)).error, ENOTDIR);
  EXPECT_NE(a_->request(write_operation(link, 0, "x")).error, 0);
  Attributes owner;
  owner.mask = attribute_uid | attribute_mtime;
  owner.uid = 7;
  owner.mtime_ns = -5'000'000'001;
  EXPECT_EQ(both(attributes_operation(link, owner)).error, 0);
  expect_equal();
  struct stat status {};
  ASSERT_EQ(::stat("/tmp", &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
}

TEST_P(VolumePair, WritesTruncatesAndAllocates) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  EXPECT_EQ(both(write_operation(file, 0, std::string(100'000, 'a'))).bytes, 100'000U);
  both(write_operation(file, 50'000, "bbbb"));
  both(write_operation(file, 1'000'000, "far"));
  Attributes size;
  size.mask = attribute_size;
  size.size_bytes = 900'001;
  both(attributes_operation(file, size));
  Operation punch;
  punch.kind = OperationKind::allocate;
  punch.file = file;
  punch.offset = 4096;
  punch.length = 8192;
  punch.flags = flag_punch_hole | flag_keep_size;
  EXPECT_EQ(both(punch).error, 0);
  punch.flags = flag_zero_range;
  punch.offset = 895'000;
  punch.length = 20'000;
  EXPECT_EQ(both(punch).error, 0);
  punch.flags = 0;
  punch.offset = 1'000'000;
  EXPECT_EQ(both(punch).error, 0);
  expect_equal();
  size.size_bytes = UINT64_MAX;
  EXPECT_EQ(a_->request(attributes_operation(file, size)).error, EFBIG);
}

TEST_P(VolumePair, ReadsAndDigestsWithoutTouchingTimes) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  both(write_operation(file, 0, std::string(10'000, 'x')));
  const auto before = a_->volume().status(file).value;
  const auto region = a_->read(file, 9'000, 5'000);
  ASSERT_EQ(region.pieces.size(), 1U);
  EXPECT_EQ(region.pieces[0].data.text(), std::string(1'000, 'x'));
  EXPECT_EQ(region.mtime_ns, nanoseconds(before.st_mtim));
  EXPECT_EQ(b_->read(file, 0, 1).mtime_ns, region.mtime_ns) << "owed times are visible at once";
  EXPECT_TRUE(a_->read(file, 20'000, 5'000).pieces.empty());
  const auto digests = a_->digest(file, 0, UINT64_MAX, 4096);
  ASSERT_EQ(digests.size(), 3U);
  EXPECT_EQ(digests[2], XXH3_64bits(std::string(10'000 - 8'192, 'x').data(), 10'000 - 8'192));
  EXPECT_EQ(digests, b_->digest(file, 0, UINT64_MAX, 4096));
  EXPECT_TRUE(a_->digest(file, 10'000, 4096, 4096).empty());
  EXPECT_EQ(nanoseconds(a_->volume().status(file).value.st_atim), nanoseconds(before.st_atim));
  EXPECT_EQ(a_->read(FileId{77, 7}, 0, 1).error, ENOENT);
}

TEST_P(VolumePair, WhatIsReadComesInPieces) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  std::string content(300'000, '\0');
  const auto put = [&](std::size_t offset, const std::string& text) {
    both(write_operation(file, offset, text));
    content.replace(offset, text.size(), text);
  };
  put(20'000, std::string(9'000, 'a'));    // behind a hole, from the middle of a chunk to that of another
  put(60'000, std::string(40'000, '\0'));  // zeroes that are written, amid holes
  put(100'000, "b");
  put(104'000, std::string(30'000, 'c') + std::string(30'000, '\0') + "d");
  put(299'000, std::string(1'000, 'e'));
  EXPECT_EQ(both(write_operation(file, 299'999, "e")).error, 0);
  expect_equal();
  for (const std::uint32_t chunk : {512U, 4096U, 7'000U, 65'536U, 1U << 20U}) {
    for (const std::uint64_t offset : {0UL, 4'096UL, 24'001UL, 100'000UL, 200'000UL, 299'999UL}) {
      for (const std::uint64_t length : {1UL, 65'536UL, 200'000UL, 1UL << 20U}) {
        const auto region = a_->read(file, offset, length, chunk);
        EXPECT_EQ(region.error, 0);
        expect_pieces(region.pieces, content.substr(offset, length), offset, chunk);
      }
    }
  }
  EXPECT_TRUE(a_->read(file, 300'000, 1, 4096).pieces.empty());
  EXPECT_EQ(a_->read(file, 0, 1, 0).error, EINVAL);
}

TEST_P(VolumePair, NamesMoveLinkAndGo) {
  const FileId one = made(create_operation(root, "one", S_IFDIR | 0755U));
  const FileId two = made(create_operation(root, "two", S_IFDIR | 0755U));
  const FileId file = made(create_operation(one, "file", S_IFREG | 0644U));
  made(create_operation(one, "sub", S_IFDIR | 0700U));
  both(write_operation(file, 0, "contents"));
  both(link_operation(file, two, "second name"));
  both(rename_operation(one, "file", two, "moved"));
  both(rename_operation(one, "sub", two, "sub"));
  EXPECT_EQ(a_->find(two, "moved"), file);
  made(create_operation(one, "other", S_IFDIR | 0755U));
  both(rename_operation(one, "other", two, "sub", flag_exchange));
  expect_equal();
  EXPECT_EQ(both(rename_operation(two, "moved", two, "sub", flag_no_replace)).error, EEXIST);
  EXPECT_EQ(both(unlink_operation(root, "two", flag_remove_directory)).error, ENOTEMPTY);
  EXPECT_EQ(both(unlink_operation(two, "moved", flag_remove_directory)).error, ENOTDIR);
  EXPECT_EQ(both(unlink_operation(two, "absent")).error, ENOENT);
  both(unlink_operation(two, "moved"));
  EXPECT_EQ(both(write_operation(file, 0, "still has a name")).error, 0);
  made(create_operation(two, "new", S_IFREG | 0600U));
  both(rename_operation(two, "new", two, "second name"));
  EXPECT_EQ(a_->request(write_operation(file, 0, "x")).error, ENOENT);
  expect_equal();
}

TEST_P(VolumePair, DirectoriesDeeperThanAPathAreCompared) {
  FileId deepest = root;
  for (int level = 0; level < 30; ++level) {
    deepest = made(create_operation(deepest, std::string(200, 'd'), S_IFDIR | 0755U));
  }
  const FileId file = made(create_operation(deepest, "f", S_IFREG | 0644U));
  both(write_operation(file, 0, "same"));
  expect_equal();
  ASSERT_EQ(a_->request(write_operation(file, 0, "SAME")).error, 0);
  a_->volume().settle();
  EXPECT_FALSE(compare_trees(a_->path(), b_->path()).empty());
  ASSERT_EQ(a_->request(write_operation(file, 0, "same")).error, 0);
}

TEST_P(VolumePair, UnlinkedOpenFilesChangeOnThisNodeOnly) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  ASSERT_EQ(a_->volume().pin(file), 0);
  EXPECT_TRUE(both(unlink_operation(root, "f")).replicated);
  const auto written = both(write_operation(file, 0, "secret"));
  EXPECT_EQ(written.error, 0);
  EXPECT_FALSE(written.replicated);
  EXPECT_EQ(a_->read(file, 0, 10).error, ENOENT) << "no name leads to it: it is no part of a resync";
  a_->volume().unpin(file);
  EXPECT_EQ(a_->read(file, 0, 10).error, ENOENT);
  expect_equal();
}

TEST_P(VolumePair, AttributesAndPrivileges) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 06755U));
  Attributes wanted;
  wanted.mask = attribute_uid | attribute_gid;
  wanted.uid = 1;
  wanted.gid = 2;
  EXPECT_EQ(both(attributes_operation(file, wanted)).effect.attributes.mode, 0755U) << "chown ends privileges";
  wanted = {};
  wanted.mask = attribute_mode;
  wanted.mode = 06751;
  both(attributes_operation(file, wanted));
  expect_equal();
  auto write = write_operation(file, 0, "x");
  write.attributes.mask = attribute_mode;  // by somebody unprivileged
  EXPECT_EQ(both(write).effect.attributes.mode & 07777U, 0751U);
  wanted = {};
  wanted.mask = attribute_atime_now | attribute_mtime_now;
  const auto touched = both(attributes_operation(file, wanted));
  EXPECT_EQ(touched.effect.attributes.mask, attribute_atime | attribute_mtime);
  EXPECT_GT(touched.effect.attributes.mtime_ns, 1'600'000'000'000'000'000);
  expect_equal();
}

TEST_P(VolumePair, ExtendedAttributesAndAcls) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  const FileId directory = made(create_operation(root, "d", S_IFDIR | 0755U));
  both(xattr_operation(file, "user.colour", "red"));
  both(xattr_operation(file, "security.something", std::string("\0\1", 2)));
  both(xattr_operation(file, "trusted.other", ""));
  EXPECT_EQ(a_->request(xattr_operation(file, "trusted.lockstep.identity", "0123456789abcdef")).error, EPERM);
  auto exclusive = xattr_operation(file, "user.colour", "blue");
  exclusive.flags = flag_xattr_create;
  EXPECT_EQ(both(exclusive).error, EEXIST);
  exclusive.flags = flag_xattr_replace;
  EXPECT_EQ(both(exclusive).error, 0);
  Operation removed;
  removed.kind = OperationKind::remove_xattr;
  removed.file = file;
  removed.name = "trusted.other";
  EXPECT_EQ(both(removed).error, 0);
  EXPECT_EQ(both(removed).error, ENODATA);
  const auto names = a_->volume().attribute_names(file).value;
  EXPECT_EQ(names, (std::vector<std::string>{"security.something", "user.colour"}));

  // u::rwx, u:nobody:rwx, g::r-x, mask::rwx, o::--- as the kernel stores it.
  const std::string acl(
      "\2\0\0\0\1\0\7\0\377\377\377\377\2\0\7\0\376\377\0\0\4\0\5\0\377\377\377\377"
      "\20\0\7\0\377\377\377\377\40\0\0\0\377\377\377\377",
      44);
  EXPECT_EQ(both(xattr_operation(file, "system.posix_acl_access", acl)).effect.attributes.mode & 07777U, 0770U);
  EXPECT_EQ(both(xattr_operation(directory, "system.posix_acl_default", acl)).error, 0);
  EXPECT_TRUE(a_->volume().has_default_acl(directory));
  made(create_operation(directory, "inherits", S_IFREG | 0666U));
  made(create_operation(directory, "too", S_IFDIR | 0777U));
  expect_equal();
}

TEST_P(VolumePair, ResyncGivesIdentitiesAndFillsWithoutTouchingTimes) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  both(write_operation(file, 0, "abcdef"));
  // On B another file lies at a name that A has, and the identity is elsewhere.
  const FileId stranger = b_->request(create_operation(root, "g", S_IFREG | 0644U)).effect.file;
  Operation identify;
  identify.kind = OperationKind::identify;
  identify.file = file;
  identify.parent = root;
  identify.name = "g";
  EXPECT_EQ(b_->stream(identify).error, 0);
  EXPECT_EQ(b_->find(root, "g"), file);
  EXPECT_NE(b_->find(root, "f"), file);
  EXPECT_EQ(b_->read(stranger, 0, 1).error, ENOENT);

  Operation fill = write_operation(file, 0, "ABCDEF");
  fill.kind = OperationKind::fill;
  fill.attributes.mask = attribute_mtime;
  fill.attributes.mtime_ns = 42;
  EXPECT_EQ(b_->stream(fill).error, 0);
  EXPECT_EQ(b_->read(file, 0, 10).mtime_ns, 42);
  fill.attributes = {};
  EXPECT_EQ(b_->stream(fill).error, 0);
  EXPECT_EQ(b_->read(file, 0, 10).mtime_ns, 42);
  EXPECT_EQ(b_->request(fill).error, EINVAL) << "resync only";
  // Through staging, where nobody sees it.
  EXPECT_EQ(b_->stream(rename_operation(root, "g", FileId::staging(), "parked")).error, 0);
  const auto manifest = b_->scan();
  bool parked = false;
  for (const auto& entry : manifest.entries) parked = parked || (entry.parent == FileId::staging() && entry.id == file);
  EXPECT_TRUE(parked);
  EXPECT_EQ(b_->stream(rename_operation(FileId::staging(), "parked", root, "back")).error, 0);
  EXPECT_EQ(b_->find(root, "back"), file);
}

TEST_P(VolumePair, IdentitiesSurviveARestartAndCopiesGetTheirOwn) {
  const FileId directory = made(create_operation(root, "d", S_IFDIR | 0755U));
  const FileId file = made(create_operation(directory, "f", S_IFREG | 0644U));
  made(create_operation(directory, "l", S_IFLNK | 0777U, "f"));
  made(create_operation(directory, "p", S_IFIFO | 0600U));
  const Manifest before = a_->scan();
  VolumeLimits limits;
  limits.descriptors_max = 1;
  a_->reopen(limits);
  EXPECT_EQ(a_->request(write_operation(file, 0, "found by its identity alone")).error, 0);
  EXPECT_EQ(a_->scan().entries, before.entries);
  ASSERT_EQ(shell("cd " + a_->path() + " && cp -a d copy && echo new > unknown"), 0);
  a_->reopen();
  const Manifest after = a_->scan();
  std::unordered_set<FileId> ids;
  for (const auto& object : after.objects) EXPECT_TRUE(ids.insert(object.id).second) << to_string(object.id);
  EXPECT_EQ(after.objects.size(), 10U);  // root, d with three, copy with three, unknown
  EXPECT_NE(a_->find(root, "unknown"), FileId::none());
}

TEST_P(VolumePair, SyncsFilesDirectoriesAndEverything) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  const FileId link = made(create_operation(root, "l", S_IFLNK | 0777U, "f"));
  both(write_operation(file, 0, "x"));
  for (TestVolume* volume : {&*a_, &*b_}) {
    EXPECT_EQ(volume->sync(file, true), 0);
    EXPECT_EQ(volume->sync(file), 0);
    EXPECT_EQ(volume->sync(root), 0);
    EXPECT_EQ(volume->sync(link), 0);
    EXPECT_EQ(volume->sync(FileId::none()), 0);
    EXPECT_EQ(volume->sync(FileId{9, 9}), ENOENT);
  }
  expect_equal();
}

TEST_P(VolumePair, OwedTimesSettleByThemselves) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  const auto written = both(write_operation(file, 0, "x"));
  b_->loop().restart();
  b_->loop().run_for(std::chrono::milliseconds(200));
  struct stat status {};
  ASSERT_EQ(::stat((b_->path() + "/f").c_str(), &status), 0);
  EXPECT_EQ(nanoseconds(status.st_mtim), written.effect.attributes.mtime_ns);
}

TEST_P(VolumePair, AFullDiskIsReportedAndChangesStayEqual) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  const std::string block(std::size_t{8} << 20U, 'z');
  io::Applied applied;
  for (std::uint64_t offset = 0; applied.error == 0 && offset < (std::uint64_t{1} << 30U); offset += block.size()) {
    applied = both(write_operation(file, offset, block));
  }
  EXPECT_EQ(applied.error, ENOSPC);
  expect_equal();
}

Operation random_operation(const std::vector<FileId>& directories, const std::vector<FileId>& files) {
  const auto name = [] { return std::string(1, *rc::gen::inRange('a', 'h')); };
  const auto directory = *rc::gen::elementOf(directories);
  const auto other = *rc::gen::elementOf(directories);
  const auto file = *rc::gen::elementOf(files);
  Attributes attributes;
  switch (*rc::gen::inRange(0, 11)) {
    case 0: return create_operation(directory, name(), S_IFREG | *rc::gen::inRange(0U, 07777U));
    case 1: return create_operation(directory, name(), S_IFDIR | *rc::gen::inRange(0U, 07777U));
    case 2: return create_operation(directory, name(), S_IFLNK | 0777U, name());
    case 3: return link_operation(file, directory, name());
    case 4: return unlink_operation(directory, name());
    case 5: return unlink_operation(directory, name(), flag_remove_directory);
    case 6: return rename_operation(directory, name(), other, name());
    case 7:
      return rename_operation(directory, name(), other, name(), *rc::gen::element(flag_exchange, flag_no_replace));
    case 8: return write_operation(file, *rc::gen::inRange(0U, 9000U), std::string(*rc::gen::inRange(1, 5000), 'w'));
    case 9:
      attributes.mask = attribute_mode | attribute_uid | attribute_size | attribute_mtime_now;
      attributes.mode = *rc::gen::inRange(0U, 07777U);
      attributes.uid = *rc::gen::inRange(0U, 3U);
      attributes.size_bytes = *rc::gen::inRange(0U, 9000U);
      return attributes_operation(file, attributes);
    default: return xattr_operation(*rc::gen::element(directory, file), "user." + name(), name());
  }
}

TEST_P(VolumePair, RandomSequencesGiveEqualTrees) {
  const bool held = rc::check([&] {
    std::vector<FileId> directories{root};
    std::vector<FileId> files{made(create_operation(root, "first", S_IFREG | 0644U))};
    const int steps = *rc::gen::inRange(1, 80);
    for (int i = 0; i < steps; ++i) {
      const auto applied = both(random_operation(directories, files));
      if (applied.error != 0 || applied.effect.kind != OperationKind::create) continue;
      if (S_ISDIR(applied.effect.attributes.mode)) directories.push_back(applied.effect.file);
      if (S_ISREG(applied.effect.attributes.mode)) files.push_back(applied.effect.file);
    }
    b_->volume().settle();
    RC_ASSERT(compare_trees(a_->path(), b_->path()) == std::vector<std::string>{});
    for (TestVolume* volume : {&*a_, &*b_}) {
      shell("cd " + volume->path() + " && find . -mindepth 1 -maxdepth 1 ! -name '.lockstep*' -exec rm -rf {} + && " +
            "touch -d @1600000000 .");
      volume->reopen();
    }
  });
  EXPECT_TRUE(held);
}

TEST_P(VolumePair, ASurveyListsWhatIsAskedForAndWhatIsYoungBeneath) {
  constexpr Period young = 7;
  const auto create_in_period = [&](FileId parent, const std::string& name, std::uint32_t mode, Period period) {
    Operation create = create_operation(parent, name, mode);
    create.file = {period, 1000U + name[0]};
    return made(create);
  };
  const FileId old_directory = create_in_period(root, "d", S_IFDIR | 0755U, young - 1);
  create_in_period(old_directory, "x", S_IFREG | 0644U, young - 1);
  const FileId young_directory = create_in_period(root, "y", S_IFDIR | 0755U, young);
  const FileId inner = create_in_period(young_directory, "i", S_IFDIR | 0755U, young + 1);
  const FileId file = create_in_period(inner, "f", S_IFREG | 0644U, young + 1);
  both(xattr_operation(file, "user.a", "b"));
  const FileId elsewhere = create_in_period(old_directory, "e", S_IFREG | 0640U, young - 1);
  const FileId gone = create_in_period(root, "g", S_IFREG | 0644U, young);
  both(unlink_operation(root, "g"));

  const SurveyRequest request{{root, gone}, {elsewhere, gone}, young};
  Manifest part = a_->survey(request);
  std::sort(part.listed.begin(), part.listed.end());
  EXPECT_EQ(part.listed, (std::vector<FileId>{root, young_directory, inner}));
  std::vector<FileId> objects;
  for (const ManifestObject& object : part.objects) {
    objects.push_back(object.id);
    EXPECT_EQ(object.xattrs.size(), object.id == file ? 1U : 0U);
    if (object.id == elsewhere) {
      EXPECT_EQ(object.attributes.mode, S_IFREG | 0640U);
    }
  }
  std::sort(objects.begin(), objects.end());
  std::vector<FileId> expected{root, old_directory, young_directory, inner, file, elsewhere};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(objects, expected);
  EXPECT_EQ(part.entries.size(), 4U);

  // A new process finds all of it by identity.
  a_->reopen();
  EXPECT_EQ(a_->survey(request).objects.size(), expected.size());
}

TEST_P(VolumePair, ACreatedObjectHasTheIdentityThatItIsGiven) {
  Operation create = create_operation(root, "file", S_IFREG | 0644U);
  create.file = {12, 3456};
  EXPECT_EQ(made(create), create.file);
  create.name = "other";
  EXPECT_EQ(a_->request(create).error, EEXIST);
  // What has no identity gets one of the period that it is found in.
  a_->volume().identify_in(9);
  shell("touch " + a_->path() + "/found");
  EXPECT_EQ(a_->find(root, "found").high, 9U);
}

TEST_P(VolumePair, ASurveyShowsWhatIsParked) {
  const FileId file = made(create_operation(root, "file", S_IFREG | 0644U));
  EXPECT_EQ(b_->stream(rename_operation(root, "file", FileId::staging(), "parked")).error, 0);
  const Manifest part = b_->survey({{root}, {file}, 1});
  ASSERT_EQ(part.entries.size(), 1U);
  EXPECT_EQ(part.entries[0].parent, FileId::staging());
  EXPECT_EQ(part.entries[0].id, file);
  EXPECT_EQ(part.listed, std::vector<FileId>{root});
}

TEST_P(VolumePair, ADirectoryIsListedInStretches) {
  const FileId directory = made(create_operation(root, "d", S_IFDIR | 0755U));
  for (const char* name : {"e", "b", "d", "a"}) made(create_operation(directory, name, S_IFREG | 0644U));
  const FileId link = made(create_operation(directory, "c", S_IFLNK | 0777U, "target"));
  const FileId hard_linked = a_->find(directory, "a");
  both(link_operation(hard_linked, directory, "f"));
  std::string names;
  std::string from;
  for (;;) {
    const io::Scanned part = a_->list(directory, from, 4);
    ASSERT_EQ(part.error, 0);
    ASSERT_FALSE(part.manifest.objects.empty());
    EXPECT_EQ(part.manifest.objects.front().id, directory);
    const io::Scanned there = b_->list(directory, from, 4);
    EXPECT_EQ(there.manifest.entries, part.manifest.entries);
    for (const ManifestEntry& entry : part.manifest.entries) names += entry.name;
    for (const ManifestObject& object : part.manifest.objects) {
      EXPECT_EQ(object.symlink_target, object.id == link ? "target" : "");
      EXPECT_TRUE(object.id != hard_linked || object.links == 2) << object.links;
    }
    if (part.manifest.entries.size() < 4) break;
    from = part.manifest.entries.back().name + '\0';
  }
  EXPECT_EQ(names, "abcdef");
  EXPECT_EQ(a_->list(FileId{1, 2}, "", 4).error, ENOENT);
  EXPECT_EQ(a_->list(link, "", 4).error, ENOTDIR);
  for (const ManifestEntry& entry : a_->list(root, "", 100).manifest.entries) EXPECT_NE(entry.name, ".lockstep");
}

TEST_P(VolumePair, AListingLeavesAGapAGap) {
  made(create_operation(root, "f", S_IFREG | 0644U));
  EXPECT_EQ(b_->stream(unlink_operation(root, "missing")).error, ENOENT);
  EXPECT_EQ(b_->list(root, "", 4).error, 0);
  EXPECT_EQ(b_->stream(unlink_operation(root, "f")).error, ECANCELED);
  b_->scan();
  EXPECT_EQ(b_->stream(unlink_operation(root, "f")).error, 0);
}

TEST_P(VolumePair, WhatHasNoNameHasNoDigests) {
  const FileId file = made(create_operation(root, "f", S_IFREG | 0644U));
  both(write_operation(file, 0, "text"));
  ASSERT_EQ(a_->volume().pin(file), 0);
  EXPECT_EQ(a_->request(unlink_operation(root, "f")).error, 0);
  a_->volume().digest(Ticket(8), file, 0, 4096, 4096);
  EXPECT_EQ(a_->digested().error, ENOENT);
  a_->volume().unpin(file);
}

INSTANTIATE_TEST_SUITE_P(Filesystems, VolumePair, ::testing::Values("ext4", "xfs"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
