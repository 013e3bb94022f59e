// The flight recorder's own thread: takes blocks, writes them into the ring of segments, syncs now and then.
#pragma once

#include "engine/recording/block.h"
#include "engine/recording/header.h"
#include "io/report.h"
#include "prod/daemon/segment_ring.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace lockstep::prod {

class SegmentWriter {
 public:
  /// Between the engine's thread and the writer there is at most this much, or one block.
  static constexpr std::size_t queue_bytes_max = std::size_t{16} << 20U;

  SegmentWriter(std::string directory, std::uint64_t bytes_max, std::uint64_t life, io::Report report);
  /// Writes what has been taken before.
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // --- for the engine's thread; none of these waits for the disk ---

  /// A segment begins here; its number and that of its first block are put in.
  void begin_segment(const recording::SegmentHeader& header);
  /// False: there is no room. Then nothing more fits before the next begin_segment().
  bool write(std::vector<std::byte> contents);
  /// The present segment has its size.
  [[nodiscard]] bool segment_full() const { return segment_full_.load(std::memory_order_relaxed); }
  /// How often the disk has failed. After each time everything is dropped until the next begin_segment().
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

  /// What is in segments, and how many were begun. For any thread.
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t segments() const { return segments_.load(std::memory_order_relaxed); }

  /// Waits until everything taken has been written, but not for ever.
  void wait_until_written(std::chrono::milliseconds at_most);

 private:
  struct Item {
    std::optional<recording::SegmentHeader> header;
    std::vector<std::byte> contents;
  };

  void take(Item item);
  void run();
  std::string write_item(Item& item);
  std::string begin_item(recording::SegmentHeader& header);
  std::string write_block(std::span<const std::byte> contents);
  void note(const std::string& error);

  const io::Report report_;
  const std::uint64_t segment_bytes_;
  SegmentRing ring_;
  recording::BlockFramer framer_;
  std::uint64_t blocks_ = 0;
  std::string open_error_;
  bool dropping_ = false;  ///< since the disk failed

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::deque<Item> queue_;
  std::size_t queue_bytes_ = 0;
  bool writing_ = false;
  bool ending_ = false;
  std::atomic<bool> segment_full_{false};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> written_bytes_{0};
  std::atomic<std::uint64_t> segments_{0};
  std::thread thread_;
};

}  // namespace lockstep::prod
