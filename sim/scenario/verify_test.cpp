// What a verify finds and repairs, on a replica whose tree is changed behind everybody's back. (Bytes that rot under
// load are drawn by seeds, and judged by sim/checkers/i14_verify_is_right; names and attributes rot only here.)
#include "sim/scenario/director.h"
#include "sim/scenario/scenario.h"
#include "sim/workload/requests.h"

#include <functional>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

constexpr Time answer_max = 60 * one_second;

class VerifyTest : public testing::Test {
 protected:
  /// In a cluster that is in sync; no checker watches what is tampered with.
  void direct(const std::function<void(Director& d)>& script, engine::Settings settings = {}) {
    Scenario scenario;
    scenario.seed = 7;
    scenario.disturbed = true;
    scenario.mix.operations = 1;
    settings.cooling_interval = Duration{3 * one_second};
    scenario.settings = settings;
    World world(scenario);
    Director d(world);
    const RunResult result = world.run([&](World&) {
      primary_ = d.come_up();
      replica_ = other(primary_);
      try {
        script(d);
      } catch (const NotReached& what) {
        ADD_FAILURE() << what.what;
      }
    });
    EXPECT_FALSE(result.violation) << result.violation->what();
  }

  void verify(Director& d, bool repair = false) {
    d.node(primary_).console().give({.verb = io::Verb::verify, .repair = repair});
    d.pass(one_ms);
    d.need(
        "the verify has ended and both nodes are in sync",
        [&] { return d.in_sync() && d.node(primary_).status().verify.job == VerifyJob::none; }, answer_max);
  }
  std::vector<Mismatch> found(Director& d) { return d.node(primary_).status().mismatches; }
  Filesystem& tree(Director& d, NodeId node) { return d.node(node).volume().filesystem(); }
  void tamper(Director& d, const Operation& operation) {
    EXPECT_EQ(tree(d, replica_).apply(operation, io::Origin::stream, 0).error, 0);
  }
  void scribble(Director& d, NodeId node, FileId file, std::uint64_t offset) {
    Filesystem& filesystem = tree(d, node);
    const InodeNumber number = filesystem.number_of(file).value();
    std::vector<std::byte> byte = filesystem.inode(number).content.read(offset, 1);
    byte.at(0) ^= std::byte{1};
    filesystem.scribble(number, offset, byte);
  }
  bool same_content(Director& d, FileId file) {
    return tree(d, primary_).find(file)->content == tree(d, replica_).find(file)->content;
  }

  NodeId primary_{};
  NodeId replica_{};
};

TEST_F(VerifyTest, EqualTreesAreFoundEqual) {
  direct([&](Director& d) {
    d.new_file(primary_, "verify-a", 300'000);
    verify(d);
    EXPECT_TRUE(found(d).empty());
    const engine::VerifyProgress progress = d.node(primary_).status().verify;
    EXPECT_TRUE(progress.complete);
    EXPECT_GE(progress.files, 1U);
    EXPECT_GE(progress.bytes, 300'000U);
  });
}

TEST_F(VerifyTest, OneByteIsFoundInItsFileAndStaysUntilItIsToBeRepaired) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 300'000);
    d.pass(one_second);
    scribble(d, replica_, file, 280'000);
    verify(d);
    const std::vector<Mismatch> mismatches = found(d);
    ASSERT_EQ(mismatches.size(), 1U);
    EXPECT_EQ(mismatches[0].kind, MismatchKind::contents);
    EXPECT_EQ(mismatches[0].file, file);
    EXPECT_EQ(mismatches[0].path, "verify-a");
    EXPECT_LE(mismatches[0].offset, 280'000U);
    EXPECT_GT(mismatches[0].offset + mismatches[0].length, 280'000U);
    EXPECT_FALSE(same_content(d, file));
    const Epoch before = d.configuration().epoch;
    verify(d, true);
    EXPECT_TRUE(found(d).empty());
    EXPECT_TRUE(same_content(d, file));
    EXPECT_EQ(d.configuration().epoch, before) << "for contents nobody is left out";
    EXPECT_EQ(d.node(primary_).status().verify.regions_repaired, 1U);
  });
}

TEST_F(VerifyTest, WhatTheReplicaCannotReadIsWrittenAnewAtOnce) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 100'000);
    d.pass(one_second);
    d.node(replica_).volume().trouble().unreadable.add(file, 70'000, 512);
    verify(d);
    EXPECT_TRUE(found(d).empty());
    EXPECT_EQ(d.node(primary_).status().verify.regions_repaired, 1U);
    EXPECT_FALSE(d.node(replica_).volume().trouble().unreadable.touch(file, 70'000, 512));
  });
}

TEST_F(VerifyTest, WhatThePrimaryCannotReadIsReported) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 100'000);
    d.pass(one_second);
    d.node(primary_).volume().trouble().unreadable.add(file, 70'000, 512);
    verify(d);
    const std::vector<Mismatch> mismatches = found(d);
    ASSERT_EQ(mismatches.size(), 1U);
    EXPECT_EQ(mismatches[0].kind, MismatchKind::unreadable_here);
    verify(d, true);
    EXPECT_EQ(found(d).size(), 1U) << "nothing can be repaired from what cannot be read";
    d.node(primary_).volume().trouble() = {};
    verify(d);
    EXPECT_TRUE(found(d).empty());
  });
}

TEST_F(VerifyTest, NobodyIsLeftOutForNamesWhileThePrimaryCannotReadAFile) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 100'000);
    const FileId directory = d.done(primary_, create_directory(FileId::root(), "verify-d"), answer_max).file;
    d.done(primary_, create_file(directory, "inner"), answer_max);
    d.pass(one_second);
    d.node(primary_).volume().trouble().unreadable.add(file, 70'000, 512);
    tamper(d, rename_to(directory, "inner", directory, "moved"));
    const Epoch before = d.configuration().epoch;
    verify(d);
    EXPECT_EQ(found(d).size(), 2U);
    verify(d, true);
    EXPECT_EQ(d.configuration().epoch, before);
    EXPECT_TRUE(tree(d, replica_).find(directory)->entries.contains("moved"));
    d.node(primary_).volume().trouble() = {};
    verify(d, true);
    verify(d, true);
    EXPECT_TRUE(tree(d, replica_).find(directory)->entries.contains("inner"));
  });
}

TEST_F(VerifyTest, AttributesAreFoundAndRepaired) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 10);
    d.pass(one_second);
    Operation mode{.kind = OperationKind::set_attributes};
    mode.file = file;
    mode.attributes.mask = attribute_mode;
    mode.attributes.mode = 0100600;
    tamper(d, mode);
    Operation xattr{.kind = OperationKind::set_xattr};
    xattr.file = FileId::root();
    xattr.name = "user.odd";
    xattr.data = Buffer::copy_of("odd");
    tamper(d, xattr);
    verify(d);
    const std::vector<Mismatch> mismatches = found(d);
    ASSERT_EQ(mismatches.size(), 2U);
    for (const Mismatch& mismatch : mismatches) EXPECT_EQ(mismatch.kind, MismatchKind::attributes);
    verify(d, true);
    EXPECT_TRUE(found(d).empty());
    EXPECT_FALSE(tree(d, replica_).find(FileId::root())->xattrs.contains("user.odd"));
    EXPECT_NE(tree(d, replica_).find(file)->attributes.mode, 0100600U);
  });
}

TEST_F(VerifyTest, NamesAreFoundAndRepaired) {
  direct([&](Director& d) {
    const FileId directory = d.done(primary_, create_directory(FileId::root(), "verify-d"), answer_max).file;
    d.new_file(primary_, "verify-a", 10);
    const FileId inner = d.done(primary_, create_file(directory, "inner"), answer_max).file;
    d.pass(one_second);
    tamper(d, rename_to(directory, "inner", directory, "moved"));
    verify(d);
    const std::vector<Mismatch> mismatches = found(d);
    ASSERT_EQ(mismatches.size(), 1U);
    EXPECT_EQ(mismatches[0].kind, MismatchKind::names);
    EXPECT_EQ(mismatches[0].path, "verify-d");
    verify(d, true);
    EXPECT_TRUE(found(d).empty());
    EXPECT_TRUE(tree(d, replica_).find(directory)->entries.contains("inner"));
    EXPECT_EQ(tree(d, replica_).find(inner)->names, 1U);
  });
}

TEST_F(VerifyTest, AFileThatTheReplicaLacksIsADifferenceOfNames) {
  direct([&](Director& d) {
    const FileId file = d.new_file(primary_, "verify-a", 10'000);
    d.pass(one_second);
    tamper(d, remove_name(FileId::root(), "verify-a"));
    verify(d);
    ASSERT_EQ(found(d).size(), 1U);
    EXPECT_EQ(found(d)[0].kind, MismatchKind::names);
    verify(d, true);
    EXPECT_TRUE(found(d).empty());
    EXPECT_TRUE(same_content(d, file));
  });
}

TEST_F(VerifyTest, ALargeDirectoryTakesManyMessages) {
  engine::Settings settings;
  settings.manifest_part_bytes_max = 1000;
  settings.verify_entries = 20;
  direct(
      [&](Director& d) {
        const FileId directory = d.done(primary_, create_directory(FileId::root(), "verify-d"), answer_max).file;
        for (int i = 0; i < 70; ++i) d.done(primary_, create_file(directory, "f" + std::to_string(i)), answer_max);
        d.pass(one_second);
        verify(d);
        EXPECT_TRUE(found(d).empty());
        EXPECT_GE(d.node(primary_).status().verify.files, 70U);
        tamper(d, rename_to(directory, "f9", directory, "g"));
        verify(d);
        ASSERT_EQ(found(d).size(), 1U);
        EXPECT_EQ(found(d)[0].kind, MismatchKind::names);
      },
      settings);
}

TEST_F(VerifyTest, OnASecondaryItIsRefusedAndFindsNothing) {
  direct([&](Director& d) {
    d.node(replica_).console().give({.verb = io::Verb::verify});
    d.pass(one_second);
    EXPECT_EQ(d.node(replica_).status().verify.job, VerifyJob::none);
    EXPECT_FALSE(d.node(replica_).status().verify.last_ended_ago);
  });
}

TEST_F(VerifyTest, ItBeginsByItselfWhenTheLastIsLongAgo) {
  engine::Settings settings;
  settings.verify_interval = Duration{20 * one_second};
  direct(
      [&](Director& d) {
        const auto ended = [&] { return d.node(primary_).status().verify.last_ended_ago.has_value(); };
        d.need("a verify has ended by itself", ended, 30 * one_second);
        EXPECT_TRUE(d.node(primary_).status().verify.complete);
        d.pass(15 * one_second);
        EXPECT_GT(d.node(primary_).status().verify.last_ended_ago->ns, 10 * one_second) << "not before it is due";
      },
      settings);
}

}  // namespace
}  // namespace lockstep::sim
