// Numbers of objects: one each, also where two identities would have the same.
#include "io/linux/fuse_nodes.h"

#include <functional>
#include <sys/stat.h>
#include <vector>

#include <fuse_lowlevel.h>
#include <gtest/gtest.h>

namespace lockstep::linux_io {
namespace {

/// Another identity whose hash is the same.
FileId twin_of(const FileId& id, std::uint64_t period) {
  return {period, std::hash<FileId>()({period, 0}) ^ std::hash<FileId>()(id)};
}

TEST(FuseNodes, AnObjectHasOneNumberAsLongAsTheKernelRefersToIt) {
  FuseNodes nodes;
  const FileId id{3, 4567};
  const std::uint64_t number = nodes.remember(id);
  EXPECT_EQ(nodes.remember(id), number);
  EXPECT_EQ(nodes.id_of(number), id);
  nodes.forget(number, 1);
  EXPECT_EQ(nodes.id_of(number), id);
  nodes.opened(id);
  nodes.forget(number, 1);
  EXPECT_EQ(nodes.id_of(number), id) << "it is open";
  nodes.released(id);
  EXPECT_EQ(nodes.id_of(number), FileId::none());
}

TEST(FuseNodes, TheRootIsNeverForgotten) {
  FuseNodes nodes;
  EXPECT_EQ(nodes.remember(FileId::root()), FUSE_ROOT_ID);
  nodes.forget(FUSE_ROOT_ID, 100);
  EXPECT_EQ(nodes.id_of(FUSE_ROOT_ID), FileId::root());
}

TEST(FuseNodes, IdentitiesWithOneHashAreKeptApart) {
  FuseNodes nodes;
  const FileId first{3, 4567};
  const std::vector<FileId> ids{first,      twin_of(first, 9),  twin_of(first, 10),
                                {0, 0x100}, twin_of({0, 0}, 7), twin_of({0, 1}, 7)};
  ASSERT_EQ(std::hash<FileId>()(ids[0]), std::hash<FileId>()(ids[1]));
  ASSERT_LE(std::hash<FileId>()(ids[5]), std::uint64_t{FUSE_ROOT_ID});
  std::vector<std::uint64_t> numbers;
  for (const FileId& id : ids) numbers.push_back(nodes.remember(id));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(nodes.id_of(numbers[i]), ids[i]);
    EXPECT_GT(numbers[i], std::uint64_t{FUSE_ROOT_ID});
  }
  nodes.told_mode(ids[1], S_IFREG | S_ISUID);
  EXPECT_FALSE(nodes.privileged(ids[0]));
  EXPECT_TRUE(nodes.privileged(ids[1]));
  nodes.forget(numbers[0], 1);
  EXPECT_EQ(nodes.remember(ids[1]), numbers[1]) << "it has been given another number while it has one";
  EXPECT_EQ(nodes.id_of(numbers[0]), FileId::none());
  const std::uint64_t again = nodes.remember(ids[0]);
  EXPECT_EQ(nodes.id_of(again), ids[0]);
  EXPECT_EQ(nodes.id_of(numbers[1]), ids[1]);
  EXPECT_EQ(nodes.take_privileged(ids[1]), numbers[1]);
  EXPECT_EQ(nodes.take_privileged(ids[1]), 0U);
}

TEST(FuseNodes, EachOpenFileIsVisited) {
  FuseNodes nodes;
  const FileId id{3, 4567};
  nodes.opened(id);  // unknown to the kernel
  nodes.remember(id);
  EXPECT_TRUE(nodes.keep(id));
  EXPECT_FALSE(nodes.keep(id));
  nodes.opened(id);
  int visits = 0;
  nodes.for_each_open([&](const FileId& open) { visits += open == id ? 1 : 0; });
  EXPECT_EQ(visits, 2);
}

}  // namespace
}  // namespace lockstep::linux_io
