#include "sim/recording/recorded_lives.h"

#include "sim/random.h"

#include <utility>

namespace lockstep::sim {

recording::Recorder& RecordedLives::begin(recording::EngineKind kind, const engine::Settings& settings,
                                          std::string name) {
  Random random(seed_ + lives_.size());
  header_ = {};
  header_.life.life = random.next();
  header_.life.kind = kind;
  header_.life.program_version = "simulated";
  header_.life.engine_build = recording::engine_build();
  header_.life.module = "simulated";
  header_.life.name = std::move(name);
  header_.life.settings = settings;
  lives_.emplace_back();
  blocks_ = 0;
  recorder_.emplace(recording::Payloads::elided, recording::ElisionKey{random.next()});
  framer_.emplace(header_.life.life);
  begin_segment();
  return *recorder_;
}

void RecordedLives::begin_segment() {
  header_.first_block = blocks_;
  header_.position = recorder_->position();
  file_ = recording::file_header(header_.life.life);
  const Buffer header = encode(header_);
  write_block({header.bytes().begin(), header.bytes().end()});
}

void RecordedLives::write_block(const std::vector<std::byte>& contents) {
  const std::vector<std::byte> block = framer_->frame(blocks_++, contents);
  file_.insert(file_.end(), block.begin(), block.end());
}

void RecordedLives::seal() {
  if (!recorder_->empty()) write_block(recorder_->seal());
}

bool RecordedLives::end_block() {
  if (recorder_->pending_bytes() < block_bytes_) return false;
  seal();
  if (file_.size() < segment_bytes_) return false;
  lives_.back().push_back(Buffer(std::move(file_)));
  ++header_.segment;
  return true;
}

void RecordedLives::end() {
  if (!recorder_) return;
  seal();
  lives_.back().push_back(Buffer(std::move(file_)));
  recorder_.reset();
  framer_.reset();
}

}  // namespace lockstep::sim
