// The ring keeps to its size, and a recorder writes what can be read, or says why it cannot.
#include "prod/daemon/flight_recorder.h"

#include "engine/recording/segment_reader.h"
#include "io/asio/event_loop.h"
#include "prod/daemon/segment_ring.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lockstep::prod {
namespace {

namespace fs = std::filesystem;

class FlightRecorderTest : public testing::Test {
 protected:
  FlightRecorderTest() {
    char name[] = "/tmp/lockstep-recorder-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~FlightRecorderTest() override { fs::remove_all(directory_); }

  std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::uintmax_t bytes() {
    std::uintmax_t sum = 0;
    for (const auto& entry : fs::directory_iterator(directory_)) sum += entry.file_size();
    return sum;
  }
  Buffer contents(const std::string& name) {
    std::ifstream file(directory_ + "/" + name, std::ios::binary);
    return Buffer::copy_of(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  FlightRecorderOptions options() {
    FlightRecorderOptions options;
    options.directory = directory_;
    options.bytes_max = std::uint64_t{4} << 20U;
    options.header.module = "data";
    return options;
  }
  io::Report report() {
    return [this](io::Severity, const std::string& text) {
      const std::scoped_lock lock(mutex_);
      reports_.push_back(text);
    };
  }
  static void record(FlightRecorder& recorder, int events) {
    static std::int64_t now = 0;
    for (int i = 0; i < events; ++i) {
      recorder.recorder().begin(Instant{++now}, io::TimerFired{io::TimerId::heartbeat});
      recorder.recorder().end(false);
      recorder.stepped();
    }
  }

  std::string directory_;
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(FlightRecorderTest, the_oldest_segments_go) {
  const std::vector<std::byte> kilobyte(1024);
  for (int life = 0; life < 3; ++life) {
    SegmentRing ring(directory_, 10'240, 2048);
    ASSERT_EQ(ring.open(), "");
    for (int segment = 0; segment < 4; ++segment) {
      ASSERT_EQ(ring.begin(), "");
      ASSERT_EQ(ring.append(kilobyte), "");
      ASSERT_EQ(ring.append(kilobyte), "");
      EXPECT_LE(bytes(), 10'240U);
    }
  }
  EXPECT_EQ(files(),
            (std::vector<std::string>{"000002-000003.recording", "000003-000000.recording", "000003-000001.recording",
                                      "000003-000002.recording", "000003-000003.recording"}));
}

TEST_F(FlightRecorderTest, a_segment_that_came_to_nothing_leaves_nothing) {
  SegmentRing ring(directory_, 10'240, 2048);
  ASSERT_EQ(ring.open(), "");
  ASSERT_EQ(ring.begin(), "");
  ring.discard();
  EXPECT_TRUE(files().empty());
  ASSERT_EQ(ring.begin(), "");
  EXPECT_EQ(files(), std::vector<std::string>{"000001-000000.recording"});
}

TEST_F(FlightRecorderTest, what_is_not_a_segment_is_left_alone) {
  std::ofstream(directory_ + "/000001-000000.recording.saved") << std::string(100'000, 'x');
  std::ofstream(directory_ + "/notes") << std::string(100'000, 'x');
  SegmentRing ring(directory_, 10'240, 2048);
  ASSERT_EQ(ring.open(), "");
  ASSERT_EQ(ring.begin(), "");
  EXPECT_EQ(files().size(), 3U);
}

TEST_F(FlightRecorderTest, a_life_can_be_read) {
  {
    io::EventLoop loop;
    FlightRecorder recorder(loop, options(), report());
    record(recorder, 30'000);  // several blocks
  }
  ASSERT_EQ(files(), std::vector<std::string>{"000001-000000.recording"});
  recording::SegmentReader reader(contents("000001-000000.recording"));
  ASSERT_EQ(reader.error(), "");
  EXPECT_EQ(reader.header().life.module, "data");
  EXPECT_EQ(reader.header().life.engine_build, recording::engine_build());
  int events = 0;
  bool ended = false;
  while (const auto next = reader.next()) {
    if (std::holds_alternative<recording::RecordedEvent>(*next)) ++events;
    ended = ended || std::holds_alternative<recording::EndOfLife>(*next);
  }
  EXPECT_EQ(events, 30'000);
  EXPECT_TRUE(ended);
  EXPECT_EQ(reader.ending(), recording::SegmentReader::Ending::whole);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(FlightRecorderTest, without_a_disk_it_says_so_once_and_goes_on) {
  FlightRecorderOptions impossible = options();
  impossible.directory = directory_ + "/file";
  std::ofstream(impossible.directory) << "in the way";
  {
    io::EventLoop loop;
    FlightRecorder recorder(loop, impossible, report());
    record(recorder, 30'000);
  }
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_NE(reports_[0].find(impossible.directory), std::string::npos) << reports_[0];
}

}  // namespace
}  // namespace lockstep::prod
