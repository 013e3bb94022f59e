#include "io/linux/unsynced_changes.h"

#include <memory>

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
  void change(const Operation& operation) {
    changes_.changed(operation, [](const FileId&) { return std::make_shared<OpenObject>(); });
  }
  std::vector<FileId> files() {
    std::vector<FileId> ids;
    EXPECT_TRUE(changes_.few_contents());
    for (const auto& [id, file] : changes_.files()) ids.push_back(id);
    return ids;
  }
  UnsyncedChanges changes_;
};

TEST(UnsyncedChanges, AtFirstAnythingMayHaveChanged) { EXPECT_FALSE(UnsyncedChanges().few_contents()); }

TEST_F(UnsyncedChangesTest, FewFilesWithOtherContentsAreNamed) {
  EXPECT_TRUE(files().empty());
  change(write_to(1000));
  change(write_to(1000));
  EXPECT_EQ(files(), (std::vector<FileId>{{1, 1000}}));
}

TEST_F(UnsyncedChangesTest, WhatIsMoreThanContentsIsEverything) {
  for (const OperationKind kind : {OperationKind::create, OperationKind::link, OperationKind::unlink,
                                   OperationKind::rename, OperationKind::set_attributes, OperationKind::allocate,
                                   OperationKind::set_xattr, OperationKind::remove_xattr, OperationKind::identify}) {
    change({.kind = kind, .file = {1, 1000}});
    EXPECT_FALSE(changes_.few_contents()) << to_string(kind);
    changes_.synced(everything, changes_.now());
  }
  Operation ends_privileges = write_to(1000);
  ends_privileges.attributes.mask |= attribute_mode;
  change(ends_privileges);
  EXPECT_FALSE(changes_.few_contents());
}

TEST_F(UnsyncedChangesTest, SoAreManyFiles) {
  for (std::uint64_t file = 0; file < unsynced_files_max; ++file) change(write_to(1000 + file));
  EXPECT_EQ(files().size(), unsynced_files_max);
  change(write_to(5000));
  EXPECT_FALSE(changes_.few_contents());
}

TEST_F(UnsyncedChangesTest, ASyncCoversWhatWasChangedBeforeItBegan) {
  change(write_to(1000));
  const std::uint64_t begun = changes_.now();
  change(write_to(2000));
  change(write_to(1000));
  changes_.synced(everything, begun);
  EXPECT_EQ(files().size(), 2U);
  changes_.synced({1, 1000}, changes_.now());
  EXPECT_EQ(files(), (std::vector<FileId>{{1, 2000}}));
}

TEST_F(UnsyncedChangesTest, ASyncOfOneFileSaysNothingOfNames) {
  change({.kind = OperationKind::create, .file = {1, 1000}});
  changes_.synced({1, 1000}, changes_.now());
  EXPECT_FALSE(changes_.few_contents());
}

TEST_F(UnsyncedChangesTest, AfterAFailureNothingThatWasUnderWayIsBelieved) {
  change(write_to(1000));
  const std::uint64_t begun = changes_.now();
  changes_.failed();
  changes_.synced(everything, begun);
  EXPECT_FALSE(changes_.few_contents());
  changes_.synced(everything, changes_.now());
  EXPECT_TRUE(files().empty());
}

TEST_F(UnsyncedChangesTest, AFileStaysOpenUntilItIsSynced) {
  const auto file = std::make_shared<OpenObject>();
  changes_.changed(write_to(1000), [&](const FileId&) { return file; });
  EXPECT_EQ(file.use_count(), 2);
  changes_.synced({1, 1000}, changes_.now());
  EXPECT_EQ(file.use_count(), 1);
}

}  // namespace
}  // namespace lockstep::linux_io
