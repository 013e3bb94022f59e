// The journal file: what is stored comes back, whatever happens to one slot.
#include "io/linux/journal.h"

#include "io/asio/event_loop.h"
#include "io/asio/event_queue.h"
#include "io/linux/journal_format.h"

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::io {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    char name[] = "/tmp/lockstep-journal-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/data.journal";
  }
  ~JournalTest() override { std::filesystem::remove_all(directory_); }

  FileJournal::Opened open() {
    return FileJournal::open(loop_, queue_, path_, [](Severity, const std::string&) {});
  }
  /// Stores one record after the other, each when the one before is durable; the sequence on disk rises by one each.
  void store(const std::vector<std::string>& records) {
    const int fd = ::open(path_.c_str(), O_RDWR);
    ASSERT_EQ(create_journal(path_), "");
    const int made = fd >= 0 ? fd : ::open(path_.c_str(), O_RDWR);
    auto content = read_journal(made);
    std::uint64_t sequence = std::get<JournalRecord>(content).sequence;
    for (const std::string& record : records) ASSERT_EQ(write_journal(made, ++sequence, Buffer::copy_of(record)), 0);
    last_sequence_ = sequence;
    ::close(made);
  }
  void spoil(std::size_t offset, std::size_t length) {
    const int fd = ::open(path_.c_str(), O_RDWR);
    std::vector<char> bytes(length);
    ASSERT_EQ(::pread(fd, bytes.data(), length, static_cast<off_t>(offset)), static_cast<ssize_t>(length));
    for (char& byte : bytes) byte = static_cast<char>(byte ^ 0x10);
    ASSERT_EQ(::pwrite(fd, bytes.data(), length, static_cast<off_t>(offset)), static_cast<ssize_t>(length));
    ::close(fd);
  }
  std::size_t newest_slot() const { return last_sequence_ % 2 * journal_slot_bytes; }

  std::string directory_, path_;
  std::uint64_t last_sequence_ = 0;
  EventLoop loop_;
  EventQueue queue_{loop_};
};

TEST_F(JournalTest, a_new_journal_is_empty_and_a_stored_record_comes_back) {
  std::vector<std::uint64_t> stored;
  {
    auto opened = open();
    ASSERT_EQ(opened.error, "");
    EXPECT_TRUE(opened.record.empty());
    queue_.connect(
        [&](Instant, Event event) {
          stored.push_back(std::get<JournalStored>(event).ticket.value);
          if (stored.size() == 20) loop_.stop();
        },
        [] {});
    for (std::uint64_t i = 1; i <= 20; ++i) {
      opened.journal->store(Ticket{i}, Buffer::copy_of("record " + std::to_string(i)));
    }
    loop_.run();
  }
  for (std::uint64_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i], i + 1);
  EXPECT_EQ(stored.size(), 20U);
  EventLoop loop;
  EventQueue queue(loop);
  auto again = FileJournal::open(loop, queue, path_, [](Severity, const std::string&) {});
  ASSERT_EQ(again.error, "");
  EXPECT_EQ(again.record.text(), "record 20");
}

TEST_F(JournalTest, the_largest_record_fits) {
  const std::string record(journal_bytes_max, 'x');
  store({record});
  EXPECT_EQ(open().record.text(), record);
}

TEST_F(JournalTest, a_torn_write_leaves_the_record_before) {
  store({"one", "two"});
  spoil(newest_slot(), journal_slot_bytes);
  const auto opened = open();
  EXPECT_EQ(opened.error, "");
  EXPECT_EQ(opened.record.text(), "one");
}

TEST_F(JournalTest, a_flipped_bit_anywhere_loses_nothing) {
  store({"one", "two"});
  for (std::size_t offset = 0; offset < journal_file_bytes; offset += 97) {
    spoil(offset, 1);
    EXPECT_EQ(open().record.text(), "two") << offset;  // opening makes it whole again
    spoil(offset, 1);
    store({"one", "two"});
  }
}

TEST_F(JournalTest, without_an_intact_slot_there_is_an_error_and_no_guess) {
  store({"one", "two"});
  spoil(0, journal_file_bytes);
  const auto opened = open();
  EXPECT_EQ(opened.journal, nullptr);
  EXPECT_NE(opened.error.find("holds no intact record"), std::string::npos) << opened.error;
  EXPECT_NE(opened.error.find("second --full"), std::string::npos) << opened.error;
}

TEST_F(JournalTest, an_empty_file_is_no_new_journal) {
  ::close(::open(path_.c_str(), O_RDWR | O_CREAT, 0600));
  EXPECT_NE(open().error, "");
}

TEST_F(JournalTest, a_second_daemon_is_told_who_has_it) {
  const auto first = open();
  ASSERT_EQ(first.error, "");
  const auto second = open();
  EXPECT_NE(second.error.find("in use by process " + std::to_string(::getpid())), std::string::npos) << second.error;
}

}  // namespace
}  // namespace lockstep::io
