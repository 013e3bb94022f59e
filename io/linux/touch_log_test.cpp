// The file that lists what may differ: what was confirmed comes back, whatever happens to a sector; what a crash has
// left of an unconfirmed call does not; anything else is no list.
#include "io/linux/touch_log.h"

#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/touch_log_format.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

constexpr std::size_t pair_bytes = 2 * touch_copy_bytes;

class TouchLogTest : public testing::Test {
 protected:
  TouchLogTest() {
    char name[] = "/tmp/lockstep-touches-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/data.touches";
  }
  ~TouchLogTest() override { std::filesystem::remove_all(directory_); }

  /// A log whose first call holds `first`, with the others added.
  void write(const std::string& first, const std::vector<std::string>& more) {
    ReplacedTouches log = replace_touches(path_, Buffer::copy_of(first));
    ASSERT_GE(log.fd, 0);
    for (const std::string& records : more) {
      ASSERT_EQ(append_touches(log.fd, log.blocks, Buffer::copy_of(records)), 0);
      log.blocks += touch_blocks_of(Buffer::copy_of(records));
    }
    ::close(log.fd);
  }
  [[nodiscard]] FoundTouches read() const {
    const int fd = ::open(path_.c_str(), O_RDONLY);
    FoundTouches found = read_touches(fd);
    ::close(fd);
    return found;
  }
  [[nodiscard]] std::string text() const {
    const FoundTouches found = read();
    return found.touches.readable ? std::string(found.touches.records.text()) : "unreadable";
  }
  void spoil(std::size_t offset, std::size_t length) {
    const int fd = ::open(path_.c_str(), O_RDWR);
    std::vector<char> bytes(length);
    ASSERT_EQ(::pread(fd, bytes.data(), length, static_cast<off_t>(offset)), static_cast<ssize_t>(length));
    for (char& byte : bytes) byte = static_cast<char>(byte ^ 0x10);
    ASSERT_EQ(::pwrite(fd, bytes.data(), length, static_cast<off_t>(offset)), static_cast<ssize_t>(length));
    ::close(fd);
  }
  void cut(std::size_t size) { ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(size)), 0); }
  [[nodiscard]] std::size_t size() const { return std::filesystem::file_size(path_); }

  std::string directory_, path_;
};

TEST_F(TouchLogTest, what_was_written_comes_back) {
  write("abc", {"def", "g"});
  EXPECT_EQ(text(), "abcdefg");
  EXPECT_EQ(read().blocks, 3U);
}

TEST_F(TouchLogTest, a_long_call_comes_back_whole) {
  const std::string longer(10 * touch_payload_bytes + 1, 'x');
  write("", {longer, "y"});
  EXPECT_EQ(text(), longer + "y");
}

TEST_F(TouchLogTest, a_flipped_bit_anywhere_does_no_harm) {
  write("abc", {"def"});
  for (std::size_t at = 0; at < size(); ++at) {
    spoil(at, 1);
    EXPECT_EQ(text(), "abcdef") << at;
    spoil(at, 1);
  }
}

TEST_F(TouchLogTest, a_lost_sector_does_no_harm) {
  write("abc", {"def"});
  for (std::size_t at = 0; at < size(); at += touch_copy_bytes) {
    spoil(at, touch_copy_bytes);
    EXPECT_EQ(text(), "abcdef") << at;
    spoil(at, touch_copy_bytes);
  }
}

TEST_F(TouchLogTest, both_copies_of_a_confirmed_block_gone_is_no_list) {
  write("abc", {"def", "ghi"});
  spoil(2 * pair_bytes, pair_bytes);
  EXPECT_EQ(text(), "unreadable");
}

TEST_F(TouchLogTest, without_its_head_it_is_no_list) {
  write("abc", {});
  spoil(0, pair_bytes);
  EXPECT_EQ(text(), "unreadable");
  cut(0);
  EXPECT_EQ(text(), "unreadable");
}

TEST_F(TouchLogTest, a_torn_call_is_left_out_as_a_whole) {
  const std::string torn(3 * touch_payload_bytes, 'x');
  write("abc", {"def", torn});
  for (std::size_t block = 0; block < 3; ++block) {
    spoil((3 + block) * pair_bytes, pair_bytes);
    EXPECT_EQ(text(), "abcdef") << block;
    EXPECT_EQ(read().blocks, 2U);
    spoil((3 + block) * pair_bytes, pair_bytes);
  }
  for (std::size_t bytes = 3 * pair_bytes; bytes < size(); bytes += 100) {
    write("abc", {"def", torn});
    cut(bytes);
    EXPECT_EQ(text(), "abcdef") << bytes;
  }
}

TEST_F(TouchLogTest, what_a_torn_call_has_left_is_not_found_behind_the_next) {
  const std::string torn(3 * touch_payload_bytes, 'x');
  write("abc", {torn});
  spoil(2 * pair_bytes, pair_bytes);
  const FoundTouches found = read();
  const int fd = ::open(path_.c_str(), O_RDWR);
  ASSERT_EQ(cut_touches(fd, found.blocks), 0);
  ASSERT_EQ(append_touches(fd, found.blocks, Buffer::copy_of("def")), 0);
  ::close(fd);
  EXPECT_EQ(text(), "abcdef");
}

TEST_F(TouchLogTest, a_crash_while_it_is_written_anew_leaves_the_old_list) {
  write("abc", {"def"});
  std::ofstream(path_ + ".new") << "half a file";
  EXPECT_EQ(text(), "abcdef");
  write("new", {});
  EXPECT_EQ(text(), "new");
}

/// The log as the daemon has it.
class OpenTouchLogTest : public TouchLogTest {
 protected:
  FileTouchLog::Opened open() {
    return FileTouchLog::open(loop_, queue_, path_, [](Severity, const std::string&) {});
  }
  /// Turns the loop until that call is confirmed.
  void await(Ticket ticket) {
    queue_.connect(
        [&](Instant, const Event& event) {
          const auto* logged = std::get_if<TouchesLogged>(&event);
          if (logged != nullptr && logged->ticket == ticket) loop_.stop();
        },
        [] {});
    loop_.run();
  }

  EventLoop loop_;
  EventQueue queue_{loop_};
};

TEST_F(OpenTouchLogTest, a_missing_file_is_no_list) {
  EXPECT_FALSE(open().touches.readable);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(OpenTouchLogTest, what_is_confirmed_is_found_by_the_next_process) {
  {
    auto opened = open();
    opened.log->replace(Ticket(1), Buffer::copy_of("abc"));
    opened.log->append(Ticket(2), Buffer::copy_of("def"));
    await(Ticket(2));
    EXPECT_EQ(text(), "abcdef");
  }
  const auto again = open();
  EXPECT_TRUE(again.touches.readable);
  EXPECT_EQ(again.touches.records.text(), "abcdef");
}

}  // namespace
}  // namespace lockstep::io
