// However two trees have grown apart, the reconcile plan makes the one's names and attributes those of the other.
#include "engine/resync/reconcile_plan.h"

#include "sim/random.h"
#include "sim/volume/filesystem.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lockstep {
namespace {

struct NoDisk : sim::ChangeListener {
  void inode_created(sim::InodeNumber) override {}
  void inode_will_change(sim::InodeNumber, const sim::InodeState&) override {}
  void names_changed(std::vector<sim::NameChange>) override {}
};

struct Tree {
  NoDisk disk;
  sim::Filesystem filesystem;
  std::int64_t clock_ns = 1'000'000'000;

  explicit Tree(std::uint64_t seed) : filesystem(sim::Random(seed), disk) {}

  sim::ApplyResult apply(const Operation& operation, io::Origin origin) {
    return filesystem.apply(operation, origin, clock_ns += 1000);
  }
  [[nodiscard]] Manifest sorted_manifest() const {
    Manifest manifest = filesystem.manifest();
    std::sort(manifest.objects.begin(), manifest.objects.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    std::sort(manifest.entries.begin(), manifest.entries.end(),
              [](const auto& a, const auto& b) { return std::tie(a.parent, a.name) < std::tie(b.parent, b.name); });
    return manifest;
  }
};

/// A step of a random history: `what` and the three choices pick an operation on what is there.
struct Step {
  std::uint8_t what, a, b, c;
};

FileId pick_directory(const Manifest& manifest, std::uint8_t choice) {
  std::vector<FileId> directories;
  for (const ManifestObject& object : manifest.objects) {
    if ((object.attributes.mode & 0170000U) == 0040000U) directories.push_back(object.id);
  }
  return directories[choice % directories.size()];
}

Operation make_operation(const Tree& tree, const Step& step) {
  const Manifest manifest = tree.sorted_manifest();
  Operation operation;
  const std::string names[] = {"a", "b", "c", "d"};
  operation.parent = pick_directory(manifest, step.a);
  operation.name = names[step.b % 4];
  operation.new_parent = pick_directory(manifest, step.c);
  operation.new_name = names[(step.b / 4) % 4];
  const FileId object = manifest.objects[step.a % manifest.objects.size()].id;
  const std::uint32_t types[] = {0100644, 0100600, 0040755, 0040700, 0120777};
  switch (step.what % 8) {
    case 0:
    case 1:
    case 2:
      operation.kind = OperationKind::create;
      operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
      operation.attributes.mode = types[step.c % 5];
      if (step.c % 5 == 4) operation.data = Buffer::copy_of("target" + names[step.b % 4]);
      operation.new_parent = FileId::none();
      operation.new_name.clear();
      return operation;
    case 3:
    case 4:
      operation.kind = OperationKind::rename;
      if (step.c % 7 == 0) operation.flags = flag_exchange;
      return operation;
    case 5:
      operation.kind = OperationKind::unlink;
      if (step.c % 2 == 0) operation.flags = flag_remove_directory;
      operation.new_parent = FileId::none();
      operation.new_name.clear();
      return operation;
    case 6:
      operation = Operation{.kind = OperationKind::link};
      operation.file = object;
      operation.parent = pick_directory(manifest, step.b);
      operation.name = names[step.c % 4];
      return operation;
    default:
      operation = Operation{.kind = OperationKind::set_attributes};
      operation.file = object;
      operation.attributes.mask = attribute_mode | attribute_mtime;
      operation.attributes.mode = 0700U + step.c % 8;
      operation.attributes.mtime_ns = step.b;
      return operation;
  }
}

std::vector<Step> arbitrary_steps() {
  const auto raw =
      *rc::gen::arbitrary<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>>>();
  std::vector<Step> steps;
  for (const auto& [what, a, b, c] : raw) steps.push_back({what, a, b, c});
  return steps;
}

void grow(Tree& tree, const std::vector<Step>& steps) {
  for (const Step& step : steps) tree.apply(make_operation(tree, step), io::Origin::application);
}

void reconcile(Tree& mine, const Tree& theirs) {
  mine.filesystem.drop_nameless({});  // the application that had them open has ended long since
  const auto plan = engine::plan_reconcile(mine.filesystem.manifest(), theirs.filesystem.manifest());
  for (const Operation& operation : plan) {
    const sim::ApplyResult result = mine.apply(operation, io::Origin::stream);
    if (result.error != 0) RC_FAIL("errno " + std::to_string(result.error) + " from " + describe(operation));
  }
  RC_ASSERT(mine.sorted_manifest() == theirs.sorted_manifest());
}

RC_GTEST_PROP(ReconcilePlan, MakesTreesWithACommonPastEqual, ()) {
  Tree theirs(1);
  Tree mine(2);
  for (const Step& step : arbitrary_steps()) {
    const sim::ApplyResult result = theirs.apply(make_operation(theirs, step), io::Origin::application);
    if (result.error == 0) RC_ASSERT(mine.apply(result.effect, io::Origin::stream).error == 0);
  }
  grow(theirs, arbitrary_steps());
  grow(mine, arbitrary_steps());
  reconcile(mine, theirs);
}

RC_GTEST_PROP(ReconcilePlan, MakesStrangersEqual, ()) {
  Tree theirs(1);
  Tree mine(2);
  grow(theirs, arbitrary_steps());
  grow(mine, arbitrary_steps());
  reconcile(mine, theirs);
}

TEST(ReconcilePlan, ARenamedFileIsARenameNotACopy) {
  Tree theirs(1);
  Tree mine(2);
  Operation create{.kind = OperationKind::create};
  create.parent = FileId::root();
  create.name = "old";
  create.attributes.mask = attribute_mode;
  create.attributes.mode = 0100644;
  mine.apply(theirs.apply(create, io::Origin::application).effect, io::Origin::stream);
  Operation rename{.kind = OperationKind::rename};
  rename.parent = rename.new_parent = FileId::root();
  rename.name = "old";
  rename.new_name = "new";
  theirs.apply(rename, io::Origin::application);
  for (const Operation& operation : engine::plan_reconcile(mine.filesystem.manifest(), theirs.filesystem.manifest())) {
    EXPECT_NE(operation.kind, OperationKind::create);
    EXPECT_NE(operation.kind, OperationKind::unlink);
  }
}

TEST(ReconcilePlan, ACopyMadeByOtherMeansIsAdopted) {
  Tree theirs(1);
  Tree mine(2);
  for (Tree* tree : {&theirs, &mine}) {
    Operation create{.kind = OperationKind::create};
    create.parent = FileId::root();
    create.name = "seeded";
    create.attributes.mask = attribute_mode;
    create.attributes.mode = 0100644;
    tree->apply(create, io::Origin::application);
  }
  const auto plan = engine::plan_reconcile(mine.filesystem.manifest(), theirs.filesystem.manifest());
  ASSERT_FALSE(plan.empty());
  EXPECT_EQ(plan.front().kind, OperationKind::identify);
}

}  // namespace
}  // namespace lockstep
