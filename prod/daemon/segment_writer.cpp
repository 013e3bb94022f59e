#include "prod/daemon/segment_writer.h"

#include <algorithm>
#include <utility>

namespace lockstep::prod {

namespace {

using Clock = std::chrono::steady_clock;

/// A power cut costs the recording so much of its end. Shorter would disturb the disk, longer would miss the beginning
/// of what one wants to know.
constexpr std::chrono::seconds sync_interval{1};
/// The ring consists of about so many segments: the oldest goes as a whole.
constexpr std::uint64_t segments_in_ring = 16;
constexpr std::uint64_t segment_bytes_min = std::uint64_t{64} << 10U;
constexpr std::uint64_t segment_bytes_max = std::uint64_t{16} << 20U;

}  // namespace

SegmentWriter::SegmentWriter(std::string directory, std::uint64_t bytes_max, std::uint64_t life, io::Report report)
    : report_(std::move(report)),
      segment_bytes_(std::clamp(bytes_max / segments_in_ring, segment_bytes_min, segment_bytes_max)),
      ring_(std::move(directory), bytes_max, segment_bytes_),
      framer_(life),
      open_error_(ring_.open()) {
  thread_ = std::thread([this] { run(); });
}

SegmentWriter::~SegmentWriter() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SegmentWriter::begin_segment(const recording::SegmentHeader& header) {
  segment_full_.store(false, std::memory_order_relaxed);
  take({header, {}});
}

bool SegmentWriter::write(std::vector<std::byte> contents) {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_bytes_ > 0 && queue_bytes_ + contents.size() > queue_bytes_max) return false;
  }
  take({std::nullopt, std::move(contents)});
  return true;
}

void SegmentWriter::take(Item item) {
  {
    const std::scoped_lock lock(mutex_);
    queue_bytes_ += item.contents.size();
    queue_.push_back(std::move(item));
  }
  wake_.notify_one();
}

void SegmentWriter::wait_until_written(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  written_.wait_for(lock, at_most, [this] { return queue_.empty() && !writing_; });
}

void SegmentWriter::run() {
  Clock::time_point next_sync = Clock::now() + sync_interval;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, next_sync, [this] { return !queue_.empty() || ending_; });
    if (queue_.empty() && ending_) return;
    std::string error;
    if (!queue_.empty()) {
      Item item = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      lock.unlock();
      const std::size_t bytes = item.contents.size();
      error = write_item(item);
      lock.lock();
      queue_bytes_ -= bytes;
      writing_ = false;
      written_.notify_all();
    }
    if (Clock::now() >= next_sync) {
      lock.unlock();
      if (error.empty()) error = ring_.sync();
      lock.lock();
      next_sync = Clock::now() + sync_interval;
    }
    if (!error.empty()) note(error);
  }
}

void SegmentWriter::note(const std::string& error) {
  dropping_ = true;
  // A full disk stays full for a while: it is said once.
  if (failures_.fetch_add(1, std::memory_order_relaxed) == 0) {
    report_(io::Severity::warning,
            "the flight recorder " + error + "; what happens is not recorded until that works again");
  }
}

std::string SegmentWriter::write_item(Item& item) {
  if (!open_error_.empty()) return open_error_;
  if (item.header) dropping_ = false;
  if (dropping_) return {};  // what follows a missing block is of no use
  if (!item.header) return write_block(item.contents);
  return begin_item(*item.header);
}

std::string SegmentWriter::begin_item(recording::SegmentHeader& header) {
  if (std::string error = ring_.begin(); !error.empty()) return error;
  header.segment = ring_.segments_begun() - 1;
  header.first_block = blocks_;
  segments_.store(ring_.segments_begun(), std::memory_order_relaxed);
  std::string error = ring_.append(recording::file_header(header.life.life));
  if (error.empty()) error = write_block(encode(header).bytes());
  // A full disk is not to be littered with beginnings.
  if (!error.empty()) ring_.discard();
  return error;
}

std::string SegmentWriter::write_block(std::span<const std::byte> contents) {
  std::string error = ring_.append(framer_.frame(blocks_++, contents));
  if (error.empty()) written_bytes_.fetch_add(contents.size(), std::memory_order_relaxed);
  if (ring_.segment_bytes() >= segment_bytes_) segment_full_.store(true, std::memory_order_relaxed);
  return error;
}

}  // namespace lockstep::prod
