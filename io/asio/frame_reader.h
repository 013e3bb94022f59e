// Takes the bytes of a connection apart into frames: u32 length (little endian), then that many bytes.
#pragma once

#include "engine/values/buffer.h"
#include "io/asio/receive_pool.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace lockstep::io {

/// So long is the length of a frame, before it.
inline constexpr std::size_t frame_prefix_bytes = 4;

class FrameReader {
 public:
  /// There are no frames longer than `limit`.
  FrameReader(std::shared_ptr<ReceivePool> pool, std::size_t limit) : pool_(std::move(pool)), limit_(limit) {}

  void set_limit(std::size_t limit) { limit_ = limit; }

  /// Where the next bytes belong, once next() gives nothing more; never empty.
  std::span<std::byte> room();
  /// So many are there now.
  void received(std::size_t bytes) { filled_ += bytes; }

  /// The next complete frame, if there is one: a slice of the receive buffer, not a copy.
  std::optional<Buffer> next();
  /// Why there will be no other, or empty.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  const std::shared_ptr<ReceivePool> pool_;
  std::size_t limit_;
  ReceivePool::Block block_;
  std::size_t taken_ = 0;   ///< bytes of the block that were given out as frames
  std::size_t filled_ = 0;  ///< bytes of the block that were received
  std::string error_;
};

}  // namespace lockstep::io
