// When standard error goes to the systemd journal.
#include "prod/common/journal.h"

#include <cstdio>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

TEST(JournalStream, counts_only_where_the_output_is_what_it_names) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  struct stat info {};
  ::fstat(pipe_ends[1], &info);
  const std::string named = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  EXPECT_TRUE(is_journal_stream(named.c_str(), pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream((named + "0").c_str(), pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream("", pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream(nullptr, pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream(named.c_str(), -1));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace
}  // namespace lockstep::prod
