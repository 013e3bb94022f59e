#include "sim/volume/filesystem.h"

#include "sim/volume/disk.h"

#include <cerrno>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class FilesystemTest : public testing::Test {
 protected:
  ApplyResult ask(const Operation& operation) {
    disk_.begin_operation();
    return filesystem_.apply(operation, io::Origin::application, ++now_);
  }
  ApplyResult play(const Operation& operation) {
    disk_.begin_operation();
    return filesystem_.apply(operation, io::Origin::stream, 0);
  }
  FileId make(FileId parent, const std::string& name, std::uint32_t mode = S_IFREG | 0644) {
    Operation operation;
    operation.kind = OperationKind::create;
    operation.parent = parent;
    operation.name = name;
    operation.attributes.mode = mode;
    const ApplyResult result = ask(operation);
    EXPECT_EQ(result.error, 0);
    return result.effect.file;
  }
  static Operation named(OperationKind kind, FileId parent, const std::string& name) {
    Operation operation;
    operation.kind = kind;
    operation.parent = parent;
    operation.name = name;
    return operation;
  }
  static Operation rename(const std::string& from, const std::string& to, std::uint32_t flags = 0) {
    Operation operation = named(OperationKind::rename, FileId::root(), from);
    operation.new_parent = FileId::root();
    operation.new_name = to;
    operation.flags = flags;
    return operation;
  }
  static Operation write(FileId file, std::uint64_t offset, const std::string& text) {
    Operation operation;
    operation.kind = OperationKind::write;
    operation.file = file;
    operation.offset = offset;
    operation.data = Buffer::copy_of(text);
    return operation;
  }

  Disk disk_;
  Filesystem filesystem_{Random(7), disk_};
  std::int64_t now_ = 1000;
};

TEST_F(FilesystemTest, RefusesWhatLinuxRefuses) {
  const FileId directory = make(FileId::root(), "d", S_IFDIR | 0755);
  const FileId file = make(FileId::root(), "f");
  make(directory, "inner");
  EXPECT_EQ(ask(named(OperationKind::unlink, FileId::root(), "none")).error, ENOENT);
  EXPECT_EQ(ask(named(OperationKind::unlink, FileId::root(), "d")).error, EISDIR);
  EXPECT_EQ(ask(named(OperationKind::unlink, file, "x")).error, ENOTDIR);
  Operation rmdir = named(OperationKind::unlink, FileId::root(), "d");
  rmdir.flags = flag_remove_directory;
  EXPECT_EQ(ask(rmdir).error, ENOTEMPTY);
  rmdir.name = "f";
  EXPECT_EQ(ask(rmdir).error, ENOTDIR);
  EXPECT_EQ(ask(named(OperationKind::create, FileId::root(), "f")).error, EEXIST);
  EXPECT_EQ(ask(named(OperationKind::create, FileId::root(), "a/b")).error, EINVAL);
  EXPECT_EQ(ask(named(OperationKind::create, FileId::root(), std::string(300, 'x'))).error, ENAMETOOLONG);
  EXPECT_EQ(ask(write(directory, 0, "x")).error, EISDIR);
  EXPECT_EQ(ask(rename("f", "d")).error, EISDIR);
  EXPECT_EQ(ask(rename("d", "f")).error, ENOTDIR);
  EXPECT_EQ(ask(rename("f", "d", flag_no_replace)).error, EEXIST);
  EXPECT_EQ(ask(rename("f", "none", flag_exchange)).error, ENOENT);
  Operation into_itself = rename("d", "x");
  into_itself.new_parent = directory;
  EXPECT_EQ(ask(into_itself).error, EINVAL);
}

TEST_F(FilesystemTest, EffectsGiveAnEqualTreeElsewhere) {
  Disk other_disk;
  Filesystem other(Random(99), other_disk);
  const auto both = [&](const Operation& operation) {
    const ApplyResult result = ask(operation);
    ASSERT_EQ(result.error, 0) << describe(operation);
    ASSERT_EQ(other.apply(result.effect, io::Origin::stream, 0).error, 0) << describe(operation);
  };
  both(named(OperationKind::create, FileId::root(), "a"));
  const FileId a = filesystem_.inode(filesystem_.inode(Filesystem::root_number).entries.at("a")).id;
  both(write(a, 5000, "hello"));
  Operation truncate;
  truncate.kind = OperationKind::set_attributes;
  truncate.file = a;
  truncate.attributes.mask = attribute_size;
  truncate.attributes.size_bytes = 5003;
  both(truncate);
  Operation link = named(OperationKind::link, FileId::root(), "b");
  link.file = a;
  both(link);
  both(rename("b", "c"));
  Operation directory = named(OperationKind::create, FileId::root(), "d");
  directory.attributes.mode = S_IFDIR | 0700;
  both(directory);
  both(rename("c", "d", flag_exchange));
  both(named(OperationKind::unlink, FileId::root(), "a"));
  Operation xattr;
  xattr.kind = OperationKind::set_xattr;
  xattr.file = a;
  xattr.name = "user.k";
  xattr.data = Buffer::copy_of("v");
  both(xattr);
  EXPECT_EQ(filesystem_.manifest(), other.manifest());
  EXPECT_EQ(filesystem_.find(a)->content, other.find(a)->content);
}

TEST_F(FilesystemTest, ChangesOfNamelessFilesStayHere) {
  const FileId file = make(FileId::root(), "f");
  EXPECT_TRUE(ask(write(file, 0, "x")).replicated);
  ask(named(OperationKind::unlink, FileId::root(), "f"));
  const ApplyResult result = ask(write(file, 1, "y"));
  EXPECT_EQ(result.error, 0);
  EXPECT_FALSE(result.replicated);
  EXPECT_EQ(result.bytes, 1U);
}

TEST_F(FilesystemTest, RenameOfTwoNamesOfOneFileDoesNothing) {
  const FileId file = make(FileId::root(), "f");
  Operation link = named(OperationKind::link, FileId::root(), "g");
  link.file = file;
  ask(link);
  EXPECT_EQ(ask(rename("f", "g")).error, 0);
  EXPECT_EQ(filesystem_.inode(Filesystem::root_number).entries.size(), 2U);
  EXPECT_EQ(filesystem_.find(file)->names, 2U);
}

TEST_F(FilesystemTest, StagingIsOutsideTheTree) {
  const FileId file = make(FileId::root(), "f");
  Operation park = rename("f", "parked");
  park.new_parent = FileId::staging();
  EXPECT_EQ(play(park).error, 0);
  const Manifest manifest = filesystem_.manifest();
  ASSERT_EQ(manifest.entries.size(), 1U);
  EXPECT_EQ(manifest.entries[0].parent, FileId::staging());
  EXPECT_EQ(manifest.entries[0].id, file);
  EXPECT_EQ(manifest.objects[0].id, FileId::root());
}

TEST_F(FilesystemTest, IdentifyAndFill) {
  InodeState old;
  old.attributes.mode = S_IFREG | 0600;
  old.attributes.mtime_ns = 5;
  filesystem_.prefill(Filesystem::root_number, "old", old);
  Operation identify = named(OperationKind::identify, FileId::root(), "old");
  identify.file = FileId{9, 9};
  EXPECT_EQ(play(identify).error, 0);
  Operation fill = write(FileId{9, 9}, 10, "abc");
  fill.kind = OperationKind::fill;
  EXPECT_EQ(play(fill).error, 0);
  EXPECT_EQ(filesystem_.find(FileId{9, 9})->attributes.mtime_ns, 5);
  EXPECT_EQ(filesystem_.find(FileId{9, 9})->content.size(), 13U);
}

TEST_F(FilesystemTest, HolesReadAsZeroes) {
  const FileId file = make(FileId::root(), "f");
  ask(write(file, 0, std::string(9000, 'x')));
  Operation punch;
  punch.kind = OperationKind::allocate;
  punch.file = file;
  punch.offset = 100;
  punch.length = 8000;
  punch.flags = flag_punch_hole | flag_keep_size;
  EXPECT_EQ(ask(punch).error, 0);
  const auto bytes = filesystem_.find(file)->content.read(99, 8002);
  EXPECT_EQ(bytes.front(), std::byte{'x'});
  EXPECT_EQ(bytes[1], std::byte{0});
  EXPECT_EQ(bytes[8000], std::byte{0});
  EXPECT_EQ(bytes.back(), std::byte{'x'});
}

}  // namespace
}  // namespace lockstep::sim
