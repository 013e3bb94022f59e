#include "io/asio/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace lockstep::io {

namespace {

/// Less room than this at the end of a block is not worth a system call.
constexpr std::size_t read_bytes_min = 4096;

std::size_t decode_length(const std::byte* bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < frame_prefix_bytes; ++i) length |= std::to_integer<std::size_t>(bytes[i]) << (8 * i);
  return length;
}

}  // namespace

std::span<std::byte> FrameReader::room() {
  const std::size_t partial = filled_ - taken_;
  std::size_t needed = std::max(frame_prefix_bytes, read_bytes_min);
  if (partial >= frame_prefix_bytes) needed = frame_prefix_bytes + decode_length(block_.memory.get() + taken_);
  if (block_.memory == nullptr || block_.size - taken_ < needed) {
    // What is left of the block is too short for the frame that has begun: only that beginning is copied.
    ReceivePool::Block fresh = pool_->take(needed);
    if (partial > 0) std::memcpy(fresh.memory.get(), block_.memory.get() + taken_, partial);
    block_ = std::move(fresh);
    taken_ = 0;
    filled_ = partial;
  }
  return {block_.memory.get() + filled_, block_.size - filled_};
}

std::optional<Buffer> FrameReader::next() {
  if (!error_.empty() || filled_ - taken_ < frame_prefix_bytes) return std::nullopt;
  const std::byte* start = block_.memory.get() + taken_;
  const std::size_t length = decode_length(start);
  if (length > limit_) {
    error_ = "a frame of " + std::to_string(length) + " bytes arrived, the limit is " + std::to_string(limit_);
    return std::nullopt;
  }
  if (filled_ - taken_ - frame_prefix_bytes < length) return std::nullopt;
  taken_ += frame_prefix_bytes + length;
  return Buffer(block_.memory, start + frame_prefix_bytes, length);
}

}  // namespace lockstep::io
