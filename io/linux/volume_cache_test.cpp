// What reading in bulk, for a resync or a verify, leaves in the page cache.
#include "io/linux/object_descriptor.h"
#include "io/linux/volume_test_tools.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::linux_io::test {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t pages = 64;

class VolumeCache : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!prepared()) GTEST_SKIP() << "needs root";
    volume_.emplace(GetParam());
    file_ = volume_->request(create_operation(FileId::root(), "f", S_IFREG | 0644U)).effect.file;
    volume_->request(write_operation(file_, 0, std::string(pages * page_bytes, 'x')));
    ASSERT_EQ(volume_->sync(file_), 0);
    descriptor_ = Descriptor(::open((volume_->path() + "/f").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(descriptor_.valid());
  }
  void empty_cache() { ASSERT_EQ(::posix_fadvise(descriptor_.fd(), 0, 0, POSIX_FADV_DONTNEED), 0); }
  std::size_t cached_pages() {
    void* const mapping = ::mmap(nullptr, pages * page_bytes, PROT_READ, MAP_SHARED, descriptor_.fd(), 0);
    std::vector<unsigned char> present(pages);
    EXPECT_EQ(::mincore(mapping, pages * page_bytes, present.data()), 0);
    ::munmap(mapping, pages * page_bytes);
    return static_cast<std::size_t>(std::count_if(present.begin(), present.end(), [](auto page) { return page & 1U; }));
  }
  /// Leaves the first page in the cache, if it was there.
  bool kernel_can_drop() {
    std::byte byte{};
    const iovec part{&byte, 1};
    return ::preadv2(descriptor_.fd(), &part, 1, 0, 0x80 /* RWF_DONTCACHE */) == 1;
  }

  std::optional<TestVolume> volume_;
  FileId file_;
  Descriptor descriptor_;
};

TEST_P(VolumeCache, BulkReadsLeaveNothingBehind) {
  const std::size_t left = kernel_can_drop() ? 0 : pages;
  empty_cache();
  ASSERT_EQ(cached_pages(), 0U);
  EXPECT_EQ(volume_->digest(file_, 0, UINT64_MAX, 16 * page_bytes).size(), pages / 16);
  EXPECT_EQ(cached_pages(), left);
  empty_cache();
  EXPECT_EQ(volume_->read(file_, 0, pages * page_bytes).pieces.at(0).data.size(), pages * page_bytes);
  EXPECT_EQ(cached_pages(), left);
}

TEST_P(VolumeCache, BulkReadsTakeNothingAway) {
  ASSERT_EQ(cached_pages(), pages);
  volume_->digest(file_, 0, UINT64_MAX, 16 * page_bytes);
  volume_->read(file_, 0, pages * page_bytes);
  EXPECT_EQ(cached_pages(), pages);
}

INSTANTIATE_TEST_SUITE_P(Filesystems, VolumeCache, ::testing::Values("ext4", "xfs"));

}  // namespace
}  // namespace lockstep::linux_io::test
