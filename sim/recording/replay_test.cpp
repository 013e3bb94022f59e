// A recorded engine, replayed, decides the same; and what is not the same, or not there, is said.
#include "engine/recording/block.h"
#include "engine/recording/segment_reader.h"
#include "sim/recording/simulate_and_replay.h"

#include <sstream>

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

using Verdict = ReplayResult::Verdict;

RecordedRun recorded(std::uint64_t seed) { return simulate_recorded(draw_scenario(seed, {})); }

/// The first life of at least so many segments.
RecordedLife long_life(std::size_t segments) {
  for (std::uint64_t seed = 1; seed < 100; ++seed) {
    const RecordedRun run = recorded(seed);
    for (const auto& lives : run.lives) {
      for (const RecordedLife& life : lives) {
        if (life.size() >= segments) return life;
      }
    }
  }
  ADD_FAILURE() << "no life is that long";
  return {};
}

// Many more seeds: lockstep-sim run --replay.
TEST(ReplayTest, EveryLifeDecidesTheSameAgain) {
  for (const char* durability : {"commit", "replicated", "durable"}) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      const RunResult result = simulate_and_replay(seed, {"all", durability});
      EXPECT_FALSE(result.violation) << durability << " seed " << seed << ": " << result.violation->text();
    }
  }
}

TEST(ReplayTest, RecordingChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(recorded(seed).result.hash, simulate(draw_scenario(seed, {})).hash) << "seed " << seed;
  }
}

/// The segment with another header.
Buffer with_header(const Buffer& segment, const recording::SegmentHeader& header) {
  const std::uint64_t life = header.life.life;
  const auto old = recording::read_block(segment, recording::file_header_bytes, life);
  std::vector<std::byte> file = recording::file_header(life);
  const auto block = recording::BlockFramer(life).frame(old->number, encode(header).bytes());
  file.insert(file.end(), block.begin(), block.end());
  file.insert(file.end(), segment.bytes().begin() + static_cast<std::ptrdiff_t>(old->end), segment.bytes().end());
  return Buffer(std::move(file));
}

TEST(ReplayTest, AnotherEngineIsNoticed) {
  RecordedLife life = long_life(1);
  recording::SegmentHeader header = recording::SegmentReader(life[0]).header();
  header.life.settings.timeout = header.life.settings.timeout + milliseconds(1);
  life[0] = with_header(life[0], header);
  const ReplayResult result = replay_life(segments_of(life));
  ASSERT_EQ(result.verdict, Verdict::diverged);
  EXPECT_GT(result.divergence->event, 0U);
  EXPECT_FALSE(result.divergence->text.empty());
  EXPECT_FALSE(result.divergence->difference.empty());
  EXPECT_FALSE(result.divergence->calls.empty());
}

TEST(ReplayTest, EverySegmentIsABeginning) {
  const RecordedLife whole = long_life(3);
  const std::uint64_t decisions = replay_life(segments_of(whole)).decisions;
  for (std::size_t segment = 1; segment < whole.size(); ++segment) {
    const RecordedLife life(whole.begin() + static_cast<std::ptrdiff_t>(segment), whole.end());
    const ReplayResult result = replay_life(segments_of(life));
    EXPECT_EQ(result.verdict, Verdict::equal) << result.reason;
    EXPECT_EQ(result.decisions, decisions);
    EXPECT_GT(result.first_event, 1U);
    EXPECT_GT(result.events, 0U);
  }
}

TEST(ReplayTest, AMissingMiddleIsSaidAndTheRestIsReplayed) {
  RecordedLife life = long_life(3);
  const ReplayResult whole = replay_life(segments_of(life));
  life.erase(life.begin() + 1);
  const ReplayResult result = replay_life(segments_of(life));
  EXPECT_EQ(result.verdict, Verdict::equal) << result.reason;
  EXPECT_EQ(result.decisions, whole.decisions);
  EXPECT_LT(result.events, whole.events);
  ASSERT_EQ(result.gaps.size(), 1U);
  EXPECT_NE(result.gaps[0].find("are missing"), std::string::npos) << result.gaps[0];
}

TEST(ReplayTest, ASegmentThatBeginsBeforeTheOneBeforeItEndedIsNoneOfTheLife) {
  RecordedLife life = long_life(2);
  recording::SegmentHeader header = recording::SegmentReader(life[1]).header();
  header.position.at = Instant{header.position.at.ns - 1};
  life[1] = with_header(life[1], header);
  const ReplayResult result = replay_life(segments_of(life));
  EXPECT_EQ(result.verdict, Verdict::unusable);
  EXPECT_NE(result.reason.find("does not follow"), std::string::npos) << result.reason;
}

TEST(ReplayTest, AStateThatCannotBeReadIsSaidAndTheLogIsThereAllTheSame) {
  const RecordedLife whole = long_life(3);
  recording::SegmentHeader header = recording::SegmentReader(whole[1]).header();
  header.snapshot = header.snapshot.slice(0, header.snapshot.size() - 1);
  const RecordedLife life{with_header(whole[1], header)};
  std::ostringstream log;
  const ReplayResult result = replay_life(segments_of(life), {&log});
  EXPECT_EQ(result.verdict, Verdict::unusable);
  EXPECT_NE(result.reason.find("cannot be read"), std::string::npos) << result.reason;
  EXPECT_FALSE(log.str().empty());
}

TEST(ReplayTest, ADamagedMiddleIsSaidAndATornEndIsNoMistake) {
  const RecordedLife life = long_life(2);
  RecordedLife damaged = life;
  std::vector<std::byte> bytes(life[0].bytes().begin(), life[0].bytes().end());
  bytes[bytes.size() / 2] ^= std::byte{4};
  damaged[0] = Buffer(std::move(bytes));
  EXPECT_EQ(replay_life(segments_of(damaged)).verdict, Verdict::unusable);

  RecordedLife torn = life;
  torn.back() = life.back().slice(0, life.back().size() - 10);
  const ReplayResult result = replay_life(segments_of(torn));
  EXPECT_EQ(result.verdict, Verdict::equal) << result.reason;
  EXPECT_NE(result.ending.find("torn"), std::string::npos) << result.ending;
}

TEST(ReplayTest, TheLogHasEveryEvent) {
  const RecordedLife life = long_life(1);
  std::ostringstream log;
  const ReplayResult result = replay_life(segments_of(life), {&log});
  std::size_t events = 0;
  std::istringstream lines(log.str());
  for (std::string line; std::getline(lines, line);) events += line.find(" < ") != std::string::npos ? 1 : 0;
  EXPECT_EQ(events, result.events);
}

}  // namespace
}  // namespace lockstep::sim
