// The segment files of one module's recordings on this machine: LIFE-SEGMENT.recording, the oldest of which go when
// there are too many bytes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace lockstep::prod {

/// One thread at a time. Every error is a sentence; empty means that there was none.
class SegmentRing {
 public:
  /// All segments together keep to `bytes_max` as long as none grows beyond `segment_bytes_max` (of which each begin()
  /// makes room for one).
  SegmentRing(std::string directory, std::uint64_t bytes_max, std::uint64_t segment_bytes_max)
      : directory_(std::move(directory)), bytes_max_(bytes_max), segment_bytes_max_(segment_bytes_max) {}
  ~SegmentRing();
  SegmentRing(const SegmentRing&) = delete;
  SegmentRing& operator=(const SegmentRing&) = delete;

  /// Makes the directory and looks at what is there; a new life gets the next number.
  std::string open();
  /// Begins the next segment of this life; the one before is closed and on disk.
  std::string begin();
  /// The present segment came to nothing: it is removed, and its number is given again.
  void discard();
  [[nodiscard]] std::uint64_t segments_begun() const { return segments_begun_; }

  std::string append(std::span<const std::byte> bytes);
  /// What was appended is on disk.
  std::string sync();
  /// Of the present segment.
  [[nodiscard]] std::uint64_t segment_bytes() const { return segment_bytes_; }

 private:
  using Number = std::pair<std::uint64_t, std::uint64_t>;  ///< life, segment

  void make_room();
  std::string close();
  [[nodiscard]] std::string path_of(const Number& number) const;
  [[nodiscard]] std::string failed(const std::string& what) const;

  const std::string directory_;
  const std::uint64_t bytes_max_;
  const std::uint64_t segment_bytes_max_;
  std::map<Number, std::uint64_t> kept_;  ///< bytes of each closed segment, oldest first
  Number present_{1, 0};
  std::uint64_t segments_begun_ = 0;
  std::uint64_t segment_bytes_ = 0;
  int fd_ = -1;
  bool unsynced_ = false;
};

}  // namespace lockstep::prod
