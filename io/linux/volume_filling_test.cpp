// Contents that a resync brings, beside what it does meanwhile.
#include "io/linux/volume_test_tools.h"

#include <cerrno>
#include <condition_variable>
#include <linux/fs.h>
#include <mutex>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <variant>

#include <boost/asio/post.hpp>
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
  void cut(unsigned number, std::uint64_t bytes) {
    Operation operation = attributes_operation(numbered(number), {});
    operation.attributes.mask = attribute_size;
    operation.attributes.size_bytes = bytes;
    volume_->volume().apply(next(), operation, io::Origin::stream);
  }
  Ticket next() { return Ticket(++calls_); }

  /// The errors of all operations; it fails the test that they are not answered in their order.
  std::vector<int> errors() {
    const std::size_t count = calls_ - answered_;
    volume_->run_until_answers(count);
    std::vector<int> errors;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* applied = std::get_if<io::Applied>(&volume_->answers()[i]);
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
    cut(0, 2);
    EXPECT_EQ(errors(), std::vector<int>(2, 0));
    EXPECT_EQ(contents(0), text.substr(0, 2));
  }
  fill(0, "DDDD");
  volume_->volume().settle();
  EXPECT_EQ(contents(0), "DDDD");
}

/// A disk that takes no write for a while.
class FrozenDisk {
 public:
  explicit FrozenDisk(const std::string& path) : directory_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    frozen_ = ::ioctl(directory_.fd(), FIFREEZE, 0) == 0;
    // Whoever waits for the disk where nobody should would wait for ever.
    rescuer_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      rescued_ = !thawing_.wait_for(lock, std::chrono::seconds(10), [this] { return !frozen_; });
      if (rescued_) ::ioctl(directory_.fd(), FITHAW, 0);
    });
  }
  ~FrozenDisk() { thaw(); }
  [[nodiscard]] bool frozen() const { return frozen_; }
  /// Whether it was frozen until now.
  bool thaw() {
    if (!rescuer_.joinable()) return false;
    {
      const std::lock_guard lock(mutex_);
      if (frozen_ && !rescued_) ::ioctl(directory_.fd(), FITHAW, 0);
      frozen_ = false;
    }
    thawing_.notify_one();
    rescuer_.join();
    return !rescued_;
  }

 private:
  Descriptor directory_;
  std::mutex mutex_;
  std::condition_variable thawing_;
  bool frozen_ = false;
  bool rescued_ = false;
  std::thread rescuer_;
};

// A node that waited here would answer no heartbeat.
TEST_F(Filling, NothingThatIsCalledBehindItHoldsTheLoopUp) {
  create(0);
  create(1);
  EXPECT_EQ(errors(), std::vector<int>(2, 0));
  ASSERT_EQ(volume_->sync(FileId::none()), 0);
  FrozenDisk disk(volume_->path());
  ASSERT_TRUE(disk.frozen());
  fill(0, "text");
  cut(0, 2);
  fill(1, "more");  // behind the other, which it may not overtake
  volume_->volume().digest(Ticket(100), numbered(0), 0, 4, 4096);
  volume_->volume().sync(Ticket(101), FileId::none(), false);
  bool turned = false;
  volume_->loop().restart();
  boost::asio::post(volume_->loop(), [&turned] { turned = true; });
  while (!turned) volume_->loop().run_one();
  EXPECT_TRUE(volume_->answers().empty());
  EXPECT_TRUE(disk.thaw());

  EXPECT_EQ(errors(), std::vector<int>(3, 0));
  EXPECT_EQ(contents(0), "te");
  EXPECT_EQ(contents(1), "more");
  volume_->run_until_answers(2);
  const auto* digested = std::get_if<io::Digested>(&volume_->answers()[0]);
  ASSERT_NE(digested, nullptr);
  EXPECT_EQ(digested->digests.size(), 1U);
  const auto* synced = std::get_if<io::Synced>(&volume_->answers()[1]);
  ASSERT_NE(synced, nullptr);
  EXPECT_EQ(synced->error, 0);
  const auto found = digested->digests;
  volume_->take(2);
  EXPECT_EQ(found, volume_->digest(numbered(0), 0, 2, 4096));
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
  cut(0, 1);
  fill(1, "LATE");
  EXPECT_EQ(errors(), (std::vector<int>{0, EFBIG, ECANCELED, ECANCELED, ECANCELED, ECANCELED}));
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

TEST_F(Filling, OfWhatIsNotThereComesBehindTheOthers) {
  create(0);
  EXPECT_EQ(errors(), std::vector<int>(1, 0));
  fill(0, "text");
  fill(1, "none");
  fill(0, "LATE");
  EXPECT_EQ(errors(), (std::vector<int>{0, ENOENT, ECANCELED}));
  EXPECT_EQ(contents(0), "text");
}

TEST_F(Filling, MayStillBeUnderWayWhenTheVolumeEnds) {
  create(0);
  for (int i = 0; i < 1000; ++i) fill(0, std::string(4096, 'x'), static_cast<std::uint64_t>(i) * 4096);
}

}  // namespace

}  // namespace lockstep::linux_io::test
