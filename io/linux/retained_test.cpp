// The marker that says whether the directory kept everything, and the one that counts what its disk refused to keep.
#include "io/linux/retained.h"

#include "io/linux/failed_syncs.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

class RetainedTest : public testing::Test {
 protected:
  RetainedTest() {
    char name[] = "/tmp/lockstep-retained-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::filesystem::create_directory(directory_ + "/data");
    std::filesystem::create_directory(directory_ + "/replaced");
    fd_ = ::open((directory_ + "/data").c_str(), O_RDONLY | O_DIRECTORY);
  }
  ~RetainedTest() override {
    ::close(fd_);
    std::filesystem::remove_all(directory_);
  }
  RetainedMarker marker() const { return {directory_ + "/data.retained", fd_}; }

  std::string directory_;
  int fd_ = -1;
};

TEST_F(RetainedTest, failed_syncs_are_counted_beyond_the_process) {
  const std::string path = directory_ + "/data.failed-syncs";
  EXPECT_EQ(FailedSyncs(path).count(), 0U);
  FailedSyncs(path).note();
  FailedSyncs(path).note();
  EXPECT_EQ(FailedSyncs(path).count(), 2U);
}

TEST_F(RetainedTest, nothing_is_retained_until_it_was_confirmed) {
  EXPECT_FALSE(marker().retained());
  EXPECT_FALSE(marker().retained());  // looking does not make it so
  EXPECT_EQ(marker().confirm(), "");
  EXPECT_TRUE(marker().retained());
  EXPECT_TRUE(marker().retained());
}

TEST_F(RetainedTest, another_boot_or_another_directory_is_not_the_same) {
  EXPECT_EQ(marker().confirm(), "");
  const int other = ::open((directory_ + "/replaced").c_str(), O_RDONLY | O_DIRECTORY);
  EXPECT_FALSE(RetainedMarker(directory_ + "/data.retained", other).retained());
  ::close(other);
  EXPECT_FALSE(marker().retained()) << "a marker that was found wrong is gone";

  EXPECT_EQ(marker().confirm(), "");
  std::ifstream file(directory_ + "/data.retained");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  text[5] = text[5] == 'a' ? 'b' : 'a';  // the first character of the boot's name
  std::ofstream(directory_ + "/data.retained") << text;
  EXPECT_FALSE(marker().retained());
}

TEST_F(RetainedTest, a_marker_that_cannot_be_written_is_reported) {
  EXPECT_NE(RetainedMarker(directory_ + "/missing/data.retained", fd_).confirm(), "");
}

}  // namespace
}  // namespace lockstep::io
