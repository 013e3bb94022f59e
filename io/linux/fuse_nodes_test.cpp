// Numbers of objects: one each, also where two identities would have the same.
#include "io/linux/fuse_nodes.h"

#include <functional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <fuse_lowlevel.h>
#include <gtest/gtest.h>

namespace lockstep::linux_io {
namespace {

/// Another identity whose hash is the same.
FileId twin_of(const FileId& id, std::uint64_t period) {
  return {period, std::hash<FileId>()({period, 0}) ^ std::hash<FileId>()(id)};
}

class FuseNodesTest : public ::testing::Test {
 protected:
  Outcome<FuseState> state_ = FuseState::fresh();
};

TEST_F(FuseNodesTest, AnObjectHasOneNumberAsLongAsTheKernelRefersToIt) {
  FuseNodes nodes(state_.value);
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

TEST_F(FuseNodesTest, TheRootIsNeverForgotten) {
  FuseNodes nodes(state_.value);
  EXPECT_EQ(nodes.remember(FileId::root()), FUSE_ROOT_ID);
  nodes.forget(FUSE_ROOT_ID, 100);
  EXPECT_EQ(nodes.id_of(FUSE_ROOT_ID), FileId::root());
}

TEST_F(FuseNodesTest, IdentitiesWithOneHashAreKeptApart) {
  FuseNodes nodes(state_.value);
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
  EXPECT_EQ(nodes.told_privileged(ids[1]), numbers[1]);
  nodes.untold_privileged(ids[1]);
  EXPECT_EQ(nodes.told_privileged(ids[1]), 0U);
  EXPECT_TRUE(nodes.privileged(ids[1]));
}

TEST_F(FuseNodesTest, EachOpenFileIsVisited) {
  FuseNodes nodes(state_.value);
  const FileId id{3, 4567};
  nodes.opened(id);  // unknown to the kernel
  nodes.remember(id);
  EXPECT_TRUE(nodes.keep(id));
  EXPECT_FALSE(nodes.keep(id));
  nodes.opened(id);
  std::uint64_t opened = 0;
  nodes.for_each_open([&](const FileId& open, std::uint64_t opens) { opened += open == id ? opens : 0; });
  EXPECT_EQ(opened, 2U);
  EXPECT_TRUE(nodes.is_open(id));
  EXPECT_TRUE(nodes.released(id));
  EXPECT_FALSE(nodes.is_open(id)) << "it is only kept";
  EXPECT_FALSE(nodes.released(id)) << "nobody has it open";
}

TEST_F(FuseNodesTest, AnotherLifeKnowsWhatThisOneKnew) {
  const FileId first{3, 4567};
  const FileId twin = twin_of(first, 9);
  ObjectIndex::Place place;
  place.handle.type = 0x81;
  place.handle.size = 12;
  place.handle.bytes[11] = 7;
  place.type = S_IFREG;
  std::uint64_t numbers[2];
  {
    FuseNodes nodes(state_.value);
    numbers[0] = nodes.remember(first, place);
    numbers[1] = nodes.remember(twin);
    nodes.remember({5, 6});
    nodes.opened(first);
    nodes.opened(first);
    nodes.told_mode(twin, S_IFREG | S_ISGID);
    EXPECT_TRUE(nodes.keep({5, 6}));
    // Killed where forget() has lowered the one count, and not yet the other.
    state_.value.find(std::hash<FileId>()({5, 6}))->lookups = 0;
  }
  std::string why;
  auto state = FuseState::take_over(Descriptor(::dup(state_.value.fd())), why);
  ASSERT_TRUE(state) << why;
  FuseNodes nodes(*state);
  EXPECT_EQ(nodes.id_of(FUSE_ROOT_ID), FileId::root());
  EXPECT_EQ(nodes.id_of(numbers[0]), first);
  EXPECT_EQ(nodes.id_of(numbers[1]), twin);
  EXPECT_EQ(nodes.remember(twin), numbers[1]);
  EXPECT_TRUE(nodes.privileged(twin));
  ASSERT_TRUE(nodes.place_of(first));
  EXPECT_EQ(nodes.place_of(first)->handle, place.handle);
  EXPECT_FALSE(nodes.place_of(twin));
  EXPECT_EQ(nodes.id_of(std::hash<FileId>()({5, 6})), FileId::none());
  EXPECT_TRUE(nodes.released(first));
  EXPECT_TRUE(nodes.released(first));
  EXPECT_FALSE(nodes.released(first));
}

TEST_F(FuseNodesTest, WhatCannotBeOpenedAgainCountsAsClosed) {
  FuseNodes nodes(state_.value);
  const FileId id{3, 4567};
  const std::uint64_t number = nodes.remember(id);
  nodes.opened(id);
  EXPECT_TRUE(nodes.keep(id));
  nodes.lose_opens(id);
  EXPECT_FALSE(nodes.is_open(id));
  EXPECT_EQ(nodes.id_of(number), id) << "the kernel still refers to it";
  EXPECT_EQ(nodes.forget(number, 1), FileId::none());
  EXPECT_EQ(nodes.id_of(number), FileId::none());
}

}  // namespace
}  // namespace lockstep::linux_io
