// The model: what a file holds, and which of its states outlive a process.
#include "props/exerciser/draw.h"
#include "props/exerciser/tree_model.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <set>

#include <gtest/gtest.h>

namespace lockstep::exerciser {
namespace {

Bytes filled(std::uint64_t size, int value) { return Bytes(size, static_cast<std::byte>(value)); }

TEST(FileModelTest, a_gap_and_what_was_cut_off_are_zeros) {
  FileModel file;
  file.write(10, filled(5, 1));
  EXPECT_EQ(file.size(), 15);
  EXPECT_EQ(file.read(0, 10), filled(10, 0));
  file.resize(12);
  file.resize(20);
  EXPECT_EQ(file.read(10, 100), (Bytes{std::byte{1}, std::byte{1}, {}, {}, {}, {}, {}, {}, {}, {}}));
}

TEST(FileModelTest, a_store_may_be_lost_until_it_is_synced) {
  FileModel file;
  file.write(0, filled(3 * page_bytes, 1));
  const Bytes before = file.content();
  file.store(page_bytes - 10, filled(20, 2));  // two pages
  const Bytes after = file.content();
  Bytes half = before;
  std::copy(after.begin(), after.begin() + page_bytes, half.begin());
  Bytes torn = before;
  torn[page_bytes - 1] = std::byte{2};
  for (const Bytes& survivor : {before, after, half}) {
    EXPECT_EQ(file.first_difference(survivor, Expect::survivors), std::nullopt);
  }
  EXPECT_EQ(file.first_difference(before, Expect::exact), page_bytes - 10);
  EXPECT_EQ(file.first_difference(torn, Expect::survivors), page_bytes - 10);
  file.sync(page_bytes, 1);
  EXPECT_EQ(file.first_difference(half, Expect::survivors), page_bytes);
  file.sync();
  EXPECT_EQ(file.first_difference(before, Expect::survivors), page_bytes - 10);
  EXPECT_EQ(file.first_difference(after, Expect::survivors), std::nullopt);
}

TEST(FileModelTest, what_follows_a_store_survives_without_it) {
  FileModel file;
  file.write(0, filled(page_bytes, 1));
  file.store(0, filled(10, 2));
  file.write(5, filled(10, 3));
  Bytes without = filled(page_bytes, 1);
  std::fill(without.begin() + 5, without.begin() + 15, std::byte{3});
  EXPECT_EQ(file.first_difference(without, Expect::survivors), std::nullopt);
  file.resize(100);
  file.resize(200);
  without.resize(100);
  without.resize(200);
  EXPECT_EQ(file.first_difference(without, Expect::survivors), std::nullopt);
}

class TreeModelTest : public testing::Test {
 protected:
  std::int64_t open(std::size_t slot, const char* name, int flags) {
    return tree.apply({.kind = CallKind::open, .slot = slot, .name = name, .flags = flags}, {}).result;
  }
  std::int64_t write(std::size_t slot, std::uint64_t offset, const Bytes& data) {
    return tree.apply({.kind = CallKind::write, .slot = slot, .offset = offset, .length = data.size()}, data).result;
  }
  std::int64_t rename(const char* from, const char* to, int flags = 0) {
    return tree.apply({.kind = CallKind::rename, .name = from, .new_name = to, .flags = flags}, {}).result;
  }
  TreeModel tree;
};

TEST_F(TreeModelTest, appends_wherever_the_file_ends) {
  open(0, "a", O_RDWR | O_CREAT | O_APPEND);
  write(0, 100, filled(5, 1));
  write(0, 0, filled(5, 2));
  EXPECT_EQ(tree.names().at("a")->size(), 10);
}

TEST_F(TreeModelTest, renames_as_rename_does) {
  EXPECT_EQ(open(0, "a", O_RDWR), -ENOENT);
  open(0, "a", O_RDWR | O_CREAT);
  EXPECT_EQ(open(1, "a", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
  open(1, "b", O_RDWR | O_CREAT);
  EXPECT_EQ(rename("a", "b", RENAME_NOREPLACE), -EEXIST);
  EXPECT_EQ(rename("c", "b"), -ENOENT);
  EXPECT_EQ(rename("a", "b"), 0);
  EXPECT_EQ(tree.names().at("b"), tree.open_file(0).file);
  EXPECT_EQ(tree.links(*tree.open_file(1).file), 0);
  EXPECT_EQ(rename("b", "a", RENAME_EXCHANGE), -ENOENT);
  EXPECT_EQ(tree.apply({.kind = CallKind::link, .name = "b", .new_name = "c"}, {}).result, 0);
  EXPECT_EQ(rename("b", "c"), 0);
  EXPECT_EQ(tree.links(*tree.open_file(0).file), 2) << "of two names of one file none goes";
}

TEST_F(TreeModelTest, allocates_as_fallocate_does) {
  open(0, "a", O_RDWR | O_CREAT);
  write(0, 0, filled(10, 1));
  const auto allocate = [&](int flags, std::uint64_t offset, std::uint64_t length) {
    tree.apply({.kind = CallKind::allocate, .flags = flags, .offset = offset, .length = length}, {});
    return tree.names().at("a")->size();
  };
  EXPECT_EQ(allocate(FALLOC_FL_KEEP_SIZE, 0, 100), 10);
  EXPECT_EQ(allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5, 100), 10);
  EXPECT_EQ(tree.names().at("a")->read(4, 2), (Bytes{std::byte{1}, {}}));
  EXPECT_EQ(allocate(FALLOC_FL_ZERO_RANGE, 0, 20), 20);
  EXPECT_EQ(tree.names().at("a")->content(), filled(20, 0));
  EXPECT_EQ(allocate(0, 0, 30), 30);
}

TEST_F(TreeModelTest, a_copy_is_a_tree_of_its_own) {
  open(0, "a", O_RDWR | O_CREAT);
  tree.apply({.kind = CallKind::link, .name = "a", .new_name = "b"}, {});
  TreeModel copy = tree;
  write(0, 0, filled(1, 1));
  EXPECT_EQ(copy.names().at("a")->size(), 0);
  EXPECT_EQ(copy.names().at("a"), copy.names().at("b"));
  EXPECT_EQ(copy.open_file(0).file, copy.names().at("a"));
}

TEST(DrawTest, the_same_seed_draws_the_same_operations_and_every_kind) {
  std::set<CallKind> kinds;
  TreeModel one;
  TreeModel other;
  for (std::uint64_t number = 1; number <= 20'000; ++number) {
    const Call call = draw_call(1, number, one);
    ASSERT_EQ(describe(call), describe(draw_call(1, number, other)));
    kinds.insert(call.kind);
    const Bytes data = data_of(1, call);
    one.apply(call, data);
    other.apply(call, data);
    for (const auto& [name, file] : one.names()) ASSERT_LE(file->size(), file_bytes_max) << describe(call);
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(CallKind::send) + 1);
}

}  // namespace
}  // namespace lockstep::exerciser
