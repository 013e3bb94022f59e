#include "sim/model/model.h"

#include "sim/model/compare.h"
#include "sim/volume/disk.h"
#include "sim/workload/operations.h"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

// The volume and the model are separate code: random users must not be able to tell them apart.
TEST(ModelTest, AgreesWithTheVolumeOnWhateverUsersDo) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Disk disk;
    Filesystem filesystem(Random(seed), disk);
    Disk replica_disk;
    Filesystem replica(Random(seed + 1000), replica_disk);
    OperationSource source(Mix{});
    Random operations(seed * 77);
    Model model;
    std::int64_t now = 1'000'000;
    int applied = 0;
    for (int i = 0; i < 500; ++i) {
      const Operation operation = source.draw(operations.fork(), filesystem);
      if (operation.kind == OperationKind::sync) continue;
      disk.begin_operation();
      const ApplyResult result = filesystem.apply(operation, io::Origin::application, now += 1000);
      if (result.error != 0 || !result.replicated) continue;
      ASSERT_EQ(model.apply(result.effect), "") << describe(result.effect);
      ASSERT_EQ(replica.apply(result.effect, io::Origin::stream, 0).error, 0) << describe(result.effect);
      ++applied;
    }
    EXPECT_GT(applied, 200);
    EXPECT_EQ(difference(model, filesystem), "");
    EXPECT_EQ(difference(model, replica), "");
    EXPECT_EQ(difference(import_tree(filesystem), replica), "");
  }
}

TEST(ModelTest, ADifferenceIsNamed) {
  Disk disk;
  Filesystem filesystem(Random(1), disk);
  Model model;
  Operation create;
  create.kind = OperationKind::create;
  create.parent = FileId::root();
  create.name = "a";
  create.attributes.mode = 0100644;
  const Operation effect = filesystem.apply(create, io::Origin::application, 5).effect;
  EXPECT_NE(difference(model, filesystem), "");
  EXPECT_EQ(model.apply(effect), "");
  EXPECT_EQ(difference(model, filesystem), "");
  EXPECT_NE(model.apply(effect), "");
  Operation write;
  write.kind = OperationKind::write;
  write.file = effect.file;
  write.data = Buffer::copy_of("x");
  filesystem.apply(write, io::Origin::application, 6);
  EXPECT_NE(difference(model, filesystem).find("bytes"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::sim
