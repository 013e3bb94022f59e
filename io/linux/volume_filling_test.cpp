// Contents that a resync brings, beside what it does meanwhile.
#include "io/linux/volume_test_tools.h"

#include <cerrno>
#include <sys/stat.h>
#include <variant>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {

namespace {

constexpr std::int64_t mtime_ns = 1'000'000'007;

class Filling : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace("ext4");
  }

  static FileId numbered(unsigned number) { return {1, 1000 + number}; }
  static std::string name(unsigned number) { return "f" + std::to_string(number); }

  void create(unsigned number) {
    Operation operation = create_operation(root, name(number), S_IFREG | 0644U);
    operation.file = numbered(number);
    operation.attributes.mask |= attribute_size | attribute_mtime;
    operation.attributes.size_bytes = 4;
    operation.attributes.mtime_ns = mtime_ns;
    volume_->volume().apply(next(), operation, io::Origin::stream);
  }
  void fill(unsigned number, const std::string& text, std::uint64_t offset = 0) {
    Operation operation = write_operation(numbered(number), offset, text);
    operation.kind = OperationKind::fill;
    operation.attributes.mask = attribute_mtime;
    operation.attributes.mtime_ns = mtime_ns;
    volume_->volume().apply(next(), operation, io::Origin::stream);
  }
  Ticket next() { return Ticket(++calls_); }

  /// The errors of all calls; it fails the test that they are not answered in their order.
  std::vector<int> errors() {
    volume_->run_until_answers(calls_ - answered_);
    std::vector<int> errors;
    for (const io::Event& event : volume_->answers()) {
      const auto* applied = std::get_if<io::Applied>(&event);
      EXPECT_TRUE(applied != nullptr && applied->ticket == Ticket(++answered_));
      errors.push_back(applied == nullptr ? -1 : applied->error);
    }
    volume_->take(errors.size());
    return errors;
  }
  std::string contents(unsigned number) { return read_text(volume_->path() + "/" + name(number)); }

  std::optional<TestVolume> volume_;
  std::uint64_t calls_ = 0;
  std::uint64_t answered_ = 0;
};

TEST_F(Filling, GoesOnBesideNewNamesAndIsAnsweredInOrder) {
  constexpr unsigned files = 50;
  create(0);
  for (unsigned i = 0; i < files; ++i) {
    fill(i, "text");
    create(i + 1);
  }
  EXPECT_EQ(errors(), std::vector<int>(2 * files + 1, 0));
  volume_->volume().settle();
  for (unsigned i = 0; i < files; ++i) {
    EXPECT_EQ(contents(i), "text");
    struct stat status {};
    ASSERT_EQ(::stat((volume_->path() + "/" + name(i)).c_str(), &status), 0);
    EXPECT_EQ(nanoseconds(status.st_mtim), mtime_ns);
  }
  EXPECT_EQ(contents(files), std::string(4, '\0'));
}

TEST_F(Filling, IsSeenByWhatIsCalledBehindIt) {
  create(0);
  EXPECT_EQ(errors(), std::vector<int>(1, 0));
  for (const std::string text : {"AAAA", "BBBB", "CCCC"}) {
    fill(0, text);
    Operation cut = attributes_operation(numbered(0), {});
    cut.attributes.mask = attribute_size;
    cut.attributes.size_bytes = 2;
    volume_->volume().apply(next(), cut, io::Origin::stream);
    EXPECT_EQ(errors(), std::vector<int>(2, 0));
    EXPECT_EQ(contents(0), text.substr(0, 2));
  }
  fill(0, "DDDD");
  volume_->volume().settle();
  EXPECT_EQ(contents(0), "DDDD");
}

TEST_F(Filling, NothingFollowsWhatFails) {
  constexpr std::uint64_t beyond_every_file = std::uint64_t{1} << 60U;
  create(0);
  create(1);
  EXPECT_EQ(errors(), std::vector<int>(2, 0));
  fill(0, "good");
  fill(0, "lost", beyond_every_file);
  fill(0, "LATE");
  fill(1, "LATE");
  EXPECT_EQ(errors(), (std::vector<int>{0, EFBIG, ECANCELED, ECANCELED}));
  fill(1, "LATE");
  create(2);
  EXPECT_EQ(errors(), (std::vector<int>{ECANCELED, ECANCELED}));
  EXPECT_EQ(contents(0), "good");
  EXPECT_EQ(contents(1), std::string(4, '\0'));

  volume_->scan();
  fill(1, "anew");
  EXPECT_EQ(errors(), std::vector<int>(1, 0));
  EXPECT_EQ(contents(1), "anew");
}

TEST_F(Filling, MayStillBeUnderWayWhenTheVolumeEnds) {
  create(0);
  for (int i = 0; i < 1000; ++i) fill(0, std::string(4096, 'x'), static_cast<std::uint64_t>(i) * 4096);
}

}  // namespace

}  // namespace lockstep::linux_io::test
