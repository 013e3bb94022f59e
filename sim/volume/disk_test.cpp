#include "sim/volume/disk.h"

#include <set>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

class DiskTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  Operation ask(Operation operation) {
    disk_.begin_operation();
    ApplyResult result = filesystem_.apply(operation, io::Origin::application, ++now_);
    EXPECT_EQ(result.error, 0) << describe(operation);
    return result.effect;
  }
  FileId make(const std::string& name) {
    Operation operation;
    operation.kind = OperationKind::create;
    operation.parent = FileId::root();
    operation.name = name;
    operation.attributes.mode = S_IFREG | 0644;
    return ask(operation).file;
  }
  void write(FileId file, std::uint64_t offset, const std::string& text) {
    Operation operation;
    operation.kind = OperationKind::write;
    operation.file = file;
    operation.offset = offset;
    operation.data = Buffer::copy_of(text);
    ask(operation);
  }
  void rename(const std::string& from, const std::string& to) {
    Operation operation;
    operation.kind = OperationKind::rename;
    operation.parent = operation.new_parent = FileId::root();
    operation.name = from;
    operation.new_name = to;
    ask(operation);
  }
  void sync(FileId file) { disk_.commit(disk_.sync_point(filesystem_, file)); }
  void lose_power() {
    Random random(GetParam());
    disk_.lose_power(filesystem_, random);
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [name, number] : filesystem_.inode(Filesystem::root_number).entries) names.insert(name);
    return names;
  }
  [[nodiscard]] std::string text(FileId file) const {
    const Inode* inode = filesystem_.find(file);
    if (inode == nullptr) return "(gone)";
    const auto bytes = inode->content.read(0, inode->content.size());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  Disk disk_;
  Filesystem filesystem_{Random(7), disk_};
  std::int64_t now_ = 1000;
};

TEST_P(DiskTest, KeepsWhatWasSynced) {
  const FileId file = make("a");
  write(file, 0, "one");
  sync(FileId::none());
  write(file, 0, "two");
  sync(file);
  make("b");
  sync(FileId::root());
  lose_power();
  EXPECT_EQ(text(file), "two");
  EXPECT_EQ(names(), (std::set<std::string>{"a", "b"}));
}

TEST_P(DiskTest, NamesLandAsAPrefixAndARenameIsNeverBothOrNeither) {
  const FileId file = make("a");
  sync(FileId::none());
  rename("a", "b");
  rename("b", "c");
  make("later");
  lose_power();
  const std::set<std::string> found = names();
  EXPECT_EQ(found.count("a") + found.count("b") + found.count("c"), 1U);
  EXPECT_TRUE(!found.contains("later") || found.contains("c"));
  EXPECT_NE(filesystem_.find(file), nullptr);
}

TEST_P(DiskTest, PagesAreOldNewOrTornAtSectors) {
  const FileId file = make("a");
  write(file, 0, std::string(20'000, 'o'));
  sync(FileId::none());
  write(file, 0, std::string(20'000, 'n'));
  lose_power();
  const std::string found = text(file);
  ASSERT_EQ(found.size(), 20'000U);
  for (std::size_t at = 0; at < found.size(); ++at) {
    ASSERT_TRUE(found[at] == 'o' || found[at] == 'n');
    ASSERT_TRUE(at % 512 == 0 || found[at] == found[at - 1]);
  }
}

TEST_P(DiskTest, AnUnsyncedRemovalMayComeUndoneEvenAfterTheProcessEnded) {
  const FileId file = make("a");
  write(file, 0, "x");
  sync(FileId::none());
  Operation unlink;
  unlink.kind = OperationKind::unlink;
  unlink.parent = FileId::root();
  unlink.name = "a";
  ask(unlink);
  filesystem_.drop_nameless(disk_.named_on_disk());
  EXPECT_EQ(filesystem_.find(file), nullptr);
  lose_power();
  EXPECT_EQ(text(file), names().contains("a") ? "x" : "(gone)");
}

TEST_P(DiskTest, KnowsWhatIsDurable) {
  const FileId file = make("a");
  const InodeNumber number = *filesystem_.number_of(file);
  EXPECT_FALSE(disk_.names_durable(1));
  sync(file);
  EXPECT_FALSE(disk_.names_durable(1));
  EXPECT_TRUE(disk_.contents_durable(number, 1));
  write(file, 0, "x");
  EXPECT_TRUE(disk_.contents_durable(number, 1));
  EXPECT_FALSE(disk_.contents_durable(number, 2));
  sync(FileId::root());
  EXPECT_TRUE(disk_.names_durable(1));
  EXPECT_FALSE(disk_.contents_durable(number, 2));
  sync(FileId::none());
  EXPECT_TRUE(disk_.contents_durable(number, 2));
}

TEST_P(DiskTest, ASyncCoversWhatWasBeforeItOnly) {
  const FileId file = make("a");
  write(file, 0, "one");
  Disk::SyncPoint point = disk_.sync_point(filesystem_, FileId::none());
  write(file, 0, "two");
  disk_.commit(std::move(point));
  lose_power();
  EXPECT_TRUE(text(file) == "one" || text(file) == "two") << text(file);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DiskTest, testing::Range<std::uint64_t>(1, 40));

}  // namespace
}  // namespace lockstep::sim
