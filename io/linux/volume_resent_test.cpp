// Requests that an earlier life may have applied: each takes effect once, and succeeds.
#include "io/linux/volume_test_tools.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

Operation resent(Operation operation) {
  operation.flags |= flag_resent;
  return operation;
}

class ResentRequest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace(GetParam());
  }
  FileId made(const std::string& name, std::uint32_t mode = S_IFREG | 0644U) {
    const auto applied = volume_->request(create_operation(root, name, mode));
    EXPECT_EQ(applied.error, 0);
    return applied.effect.file;
  }
  [[nodiscard]] std::string at(const std::string& name) const { return volume_->path() + "/" + name; }
  /// It has taken effect before.
  io::Applied expect_done(const Operation& operation) { return expect_success(operation, false); }
  /// It has not.
  io::Applied expect_applied(const Operation& operation) { return expect_success(operation, true); }
  io::Applied expect_success(const Operation& operation, bool replicated) {
    auto applied = volume_->request(resent(operation));
    EXPECT_EQ(applied.error, 0) << describe(operation);
    EXPECT_EQ(applied.replicated, replicated) << describe(operation);
    EXPECT_EQ(applied.effect.flags & flag_resent, 0U);
    return applied;
  }
  int error_of(const Operation& operation) { return volume_->request(operation).error; }

  std::optional<TestVolume> volume_;
};

TEST_P(ResentRequest, CreatesOnce) {
  for (const std::uint32_t mode : {S_IFREG | 06711U, S_IFDIR | 0755U, S_IFLNK | 0777U, S_IFIFO | 0600U}) {
    const std::string name = "n" + std::to_string(mode);
    auto operation = create_operation(root, name, mode, S_ISLNK(mode) ? "target" : "");
    operation.attributes.uid = 1000;
    operation.attributes.gid = 100;
    operation.file = {9, mode};
    EXPECT_EQ(expect_applied(operation).effect.file, operation.file);
    struct stat before {};
    ASSERT_EQ(::lstat(at(name).c_str(), &before), 0);
    auto again = operation;
    again.file = {9, mode + 1};  // drawn anew
    EXPECT_EQ(expect_done(again).effect.file, operation.file);
    struct stat after {};
    ASSERT_EQ(::lstat(at(name).c_str(), &after), 0);
    EXPECT_EQ(after.st_ino, before.st_ino);
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_uid, 1000U);
    EXPECT_EQ(after.st_gid, 100U);
    EXPECT_EQ(error_of(again), EEXIST) << "a request of its own";
    EXPECT_EQ(volume_->find(root, name), operation.file);
  }
  made("directory", S_IFDIR | 0755U);
  EXPECT_EQ(error_of(resent(create_operation(root, "directory", S_IFREG | 0644U))), EEXIST);
}

TEST_P(ResentRequest, WhatWasHalfMadeIsMadeAnew) {
  // As it is behind the first of the calls that make it.
  for (const std::uint32_t mode : {S_IFREG | 04750U, S_IFDIR | 0750U}) {
    const std::string name = "n" + std::to_string(mode);
    if (S_ISDIR(mode)) {
      ASSERT_EQ(::mkdir(at(name).c_str(), 0750), 0);
    } else {
      ASSERT_EQ(write_text(at(name), ""), 0);
    }
    auto operation = create_operation(root, name, mode);
    operation.attributes.uid = 1000;
    operation.attributes.gid = 100;
    operation.file = {9, mode};
    const auto applied = expect_applied(operation);
    EXPECT_EQ(applied.effect.file, operation.file);
    EXPECT_EQ(applied.effect.attributes.uid, 1000U);
    struct stat status {};
    ASSERT_EQ(::lstat(at(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 1000U);
    EXPECT_EQ(status.st_gid, 100U);
    EXPECT_EQ(status.st_mode, mode);
  }
}

TEST_P(ResentRequest, WhatAWalkFoundHalfMadeGetsItsOwner) {
  ASSERT_EQ(write_text(at("f"), ""), 0);
  const FileId given = volume_->find(root, "f");
  auto operation = create_operation(root, "f", S_IFREG | 0644U);
  operation.attributes.uid = 1000;
  operation.attributes.gid = 100;
  EXPECT_EQ(expect_done(operation).effect.file, given);
  struct stat status {};
  ASSERT_EQ(::lstat(at("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1000U);
  EXPECT_EQ(status.st_gid, 100U);
}

TEST_P(ResentRequest, LinksOnce) {
  const FileId file = made("f");
  made("other");
  expect_applied(link_operation(file, root, "g"));
  EXPECT_EQ(expect_done(link_operation(file, root, "g")).effect.file, file);
  EXPECT_EQ(error_of(link_operation(file, root, "g")), EEXIST);
  EXPECT_EQ(error_of(resent(link_operation(file, root, "other"))), EEXIST);
  EXPECT_EQ(shell_output("stat -c %h " + at("f")), "2\n");
}

TEST_P(ResentRequest, RemovesOnce) {
  made("f");
  made("d", S_IFDIR | 0755U);
  expect_applied(unlink_operation(root, "f"));
  expect_done(unlink_operation(root, "f"));
  EXPECT_EQ(error_of(unlink_operation(root, "f")), ENOENT);
  expect_applied(unlink_operation(root, "d", flag_remove_directory));
  expect_done(unlink_operation(root, "d", flag_remove_directory));
  made("e", S_IFDIR | 0755U);
  EXPECT_EQ(error_of(resent(unlink_operation(root, "e"))), EISDIR);
}

TEST_P(ResentRequest, RenamesOnce) {
  const FileId file = made("f");
  made("g");
  expect_applied(rename_operation(root, "f", root, "g"));
  expect_done(rename_operation(root, "f", root, "g"));
  EXPECT_EQ(error_of(rename_operation(root, "f", root, "g")), ENOENT);
  EXPECT_EQ(volume_->find(root, "g"), file);
  made("h");
  EXPECT_EQ(error_of(resent(rename_operation(root, "g", root, "h", flag_no_replace))), EEXIST);
  expect_applied(rename_operation(root, "g", root, "i", flag_no_replace));
  expect_done(rename_operation(root, "g", root, "i", flag_no_replace));
}

TEST_P(ResentRequest, ExchangesOnce) {
  const FileId file = made("f");
  const FileId other = made("g");
  auto operation = rename_operation(root, "f", root, "g", flag_exchange);
  operation.file = file;
  EXPECT_EQ(expect_applied(operation).effect.file, FileId::none());
  EXPECT_EQ(volume_->find(root, "f"), other);
  expect_done(operation);
  expect_done(operation);
  EXPECT_EQ(volume_->find(root, "f"), other);
  EXPECT_EQ(volume_->find(root, "g"), file);
  EXPECT_EQ(error_of(resent(rename_operation(root, "none", root, "g", flag_exchange))), ENOENT);
}

TEST_P(ResentRequest, AttributesAreSetOnce) {
  const FileId file = made("f");
  auto set = xattr_operation(file, "user.a", "1");
  set.flags = flag_xattr_create;
  expect_applied(set);
  expect_done(set);
  EXPECT_EQ(error_of(set), EEXIST);
  auto other = xattr_operation(file, "user.a", "2");
  other.flags = flag_xattr_create;
  EXPECT_EQ(error_of(resent(other)), EEXIST);
  other.flags = flag_xattr_replace;
  expect_applied(other);
  expect_applied(other);
  EXPECT_EQ(volume_->volume().attribute_value(file, "user.a").value, "2");
  Operation remove;
  remove.kind = OperationKind::remove_xattr;
  remove.file = file;
  remove.name = "user.a";
  expect_applied(remove);
  expect_done(remove);
  EXPECT_EQ(error_of(remove), ENODATA);
  remove.name = "trusted.lockstep.identity";
  EXPECT_EQ(error_of(resent(remove)), ENODATA);
}

TEST_P(ResentRequest, ContentsAreWrittenAgain) {
  const FileId file = made("f");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(expect_applied(write_operation(file, 2, "text")).bytes, 4U);
    Attributes size;
    size.mask = attribute_size;
    size.size_bytes = 5;
    expect_applied(attributes_operation(file, size));
    Operation allocate;
    allocate.kind = OperationKind::allocate;
    allocate.file = file;
    allocate.length = 8;
    expect_applied(allocate);
  }
  EXPECT_EQ(read_text(at("f")), std::string("\0\0tex\0\0\0", 8));
}

TEST_P(ResentRequest, AnObjectIsFoundWhereAnotherProcessKnewItWas) {
  const FileId file = made("f");
  const auto looked = volume_->volume().lookup(root, "f");
  ASSERT_TRUE(looked.ok());
  EXPECT_EQ(volume_->volume().lookup(file).value.place.handle, looked.value.place.handle);
  // Its index was only in memory.
  volume_->reopen({}, [&] { shell("rm -rf " + at(".lockstep/objects")); });
  int asked = 0;
  volume_->volume().on_unknown([&](const FileId& id) -> std::optional<ObjectIndex::Place> {
    ++asked;
    return id == file ? std::optional(looked.value.place) : std::nullopt;
  });
  EXPECT_TRUE(volume_->volume().status(file).ok());
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(volume_->volume().status(file).ok());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(volume_->volume().status({7, 7}).error, ENOENT);
}

TEST_P(ResentRequest, AFileWithoutANameGoesOnByItsDescriptor) {
  const FileId file = made("f");
  volume_->request(write_operation(file, 0, "text"));
  const Descriptor open(::open(at("f").c_str(), O_RDWR | O_CLOEXEC));
  const Descriptor other(::open(at(".").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(error_of(unlink_operation(root, "f")), 0);
  volume_->reopen();
  EXPECT_EQ(volume_->volume().pin(file), ENOENT);
  EXPECT_EQ(volume_->volume().pin_nameless(file, Descriptor(::dup(other.fd()))), ENOENT);
  EXPECT_EQ(volume_->volume().pin_nameless(file, Descriptor()), EBADF);
  EXPECT_EQ(volume_->volume().pin_nameless(file, Descriptor(::dup(open.fd()))), 0);
  EXPECT_EQ(volume_->volume().pin_nameless(file, Descriptor(::dup(open.fd()))), EEXIST);
  EXPECT_EQ(volume_->volume().pin(file), 0);
  const auto applied = volume_->request(write_operation(file, 4, "more"));
  EXPECT_EQ(applied.error, 0);
  EXPECT_FALSE(applied.replicated);
  EXPECT_EQ(volume_->volume().status(file).value.st_size, 8);
  volume_->volume().unpin(file);
  EXPECT_TRUE(volume_->volume().status(file).ok());
  volume_->volume().unpin(file);
  EXPECT_EQ(volume_->volume().status(file).error, ENOENT);
}

INSTANTIATE_TEST_SUITE_P(Filesystems, ResentRequest, ::testing::Values("ext4", "xfs"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace lockstep::linux_io::test
