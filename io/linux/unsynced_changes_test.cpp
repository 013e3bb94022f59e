#include "io/linux/unsynced_changes.h"

#include <gtest/gtest.h>

namespace lockstep::linux_io {
namespace {

constexpr FileId everything = FileId::none();

Operation write_to(std::uint64_t file) {
  Operation operation{.kind = OperationKind::write, .file = {1, file}};
  operation.attributes.mask = attribute_mtime;
  return operation;
}

class UnsyncedChangesTest : public testing::Test {
 protected:
  void SetUp() override { changes_.synced(everything, changes_.now()); }
  UnsyncedChanges changes_;
};

TEST(UnsyncedChanges, AtFirstAnythingMayHaveChanged) { EXPECT_FALSE(UnsyncedChanges().files()); }

TEST_F(UnsyncedChangesTest, FewFilesWithOtherContentsAreNamed) {
  EXPECT_TRUE(changes_.files().value().empty());
  changes_.changed(write_to(1000));
  changes_.changed(write_to(1000));
  EXPECT_EQ(changes_.files(), (std::vector<FileId>{{1, 1000}}));
}

TEST_F(UnsyncedChangesTest, WhatIsMoreThanContentsIsEverything) {
  for (const OperationKind kind : {OperationKind::create, OperationKind::link, OperationKind::unlink,
                                   OperationKind::rename, OperationKind::set_attributes, OperationKind::allocate,
                                   OperationKind::set_xattr, OperationKind::remove_xattr, OperationKind::identify}) {
    changes_.changed({.kind = kind, .file = {1, 1000}});
    EXPECT_FALSE(changes_.files()) << to_string(kind);
    changes_.synced(everything, changes_.now());
  }
  Operation ends_privileges = write_to(1000);
  ends_privileges.attributes.mask |= attribute_mode;
  changes_.changed(ends_privileges);
  EXPECT_FALSE(changes_.files());
}

TEST_F(UnsyncedChangesTest, SoAreManyFiles) {
  for (std::uint64_t file = 0; file < unsynced_files_max; ++file) changes_.changed(write_to(1000 + file));
  EXPECT_EQ(changes_.files().value().size(), unsynced_files_max);
  changes_.changed(write_to(5000));
  EXPECT_FALSE(changes_.files());
}

TEST_F(UnsyncedChangesTest, ASyncCoversWhatWasChangedBeforeItBegan) {
  changes_.changed(write_to(1000));
  const std::uint64_t begun = changes_.now();
  changes_.changed(write_to(2000));
  changes_.changed(write_to(1000));
  changes_.synced(everything, begun);
  EXPECT_EQ(changes_.files().value().size(), 2U);
  changes_.synced({1, 1000}, changes_.now());
  EXPECT_EQ(changes_.files(), (std::vector<FileId>{{1, 2000}}));
}

TEST_F(UnsyncedChangesTest, ASyncOfOneFileSaysNothingOfNames) {
  changes_.changed({.kind = OperationKind::create, .file = {1, 1000}});
  changes_.synced({1, 1000}, changes_.now());
  EXPECT_FALSE(changes_.files());
}

}  // namespace
}  // namespace lockstep::linux_io
