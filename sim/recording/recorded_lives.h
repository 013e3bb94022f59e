// Recordings of one simulated machine's lives, kept in memory.
#pragma once

#include "engine/recording/block.h"
#include "engine/recording/recorder.h"

#include <memory>
#include <optional>
#include <vector>

namespace lockstep::sim {

/// The segment files of one life, in order.
using RecordedLife = std::vector<Buffer>;

class RecordedLives {
 public:
  /// `seed`: of the numbers that name the lives. Segments end after `segment_bytes`, blocks after `block_bytes`.
  explicit RecordedLives(std::uint64_t seed, std::size_t block_bytes = 1024, std::size_t segment_bytes = 3072)
      : seed_(seed), block_bytes_(block_bytes), segment_bytes_(segment_bytes) {}

  /// A machine starts. The recorder is valid until the life ends.
  recording::Recorder& begin(recording::EngineKind kind, const engine::Settings& settings, std::string name);
  /// After each step of the engine.
  void stepped(const auto& engine) {
    if (!end_block()) return;
    header_.snapshot = recorder_->snapshot(engine);
    begin_segment();
  }
  /// The machine's program ends, without its knowledge.
  void end();

  [[nodiscard]] const std::vector<RecordedLife>& lives() const { return lives_; }

 private:
  /// True: a segment has ended, too.
  bool end_block();
  void begin_segment();
  void write_block(const std::vector<std::byte>& contents);
  void seal();

  std::uint64_t seed_;
  std::size_t block_bytes_;
  std::size_t segment_bytes_;
  recording::SegmentHeader header_;
  std::optional<recording::Recorder> recorder_;
  std::optional<recording::BlockFramer> framer_;
  std::vector<std::byte> file_;
  std::uint64_t blocks_ = 0;
  std::vector<RecordedLife> lives_;
};

}  // namespace lockstep::sim
