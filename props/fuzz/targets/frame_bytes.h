// Frames as they go over a link, for the targets that take them apart.
#pragma once

#include "engine/values/buffer.h"
#include "io/asio/frame_reader.h"

#include <string>
#include <vector>

namespace lockstep::fuzz {

inline constexpr std::size_t frame_limit = 600;
/// So small that frames cross from one block to the next.
inline constexpr std::size_t block_bytes = 4500;

/// What is to come of some bytes. `refused`: a frame is too long.
struct ExpectedFrames {
  std::vector<std::string> frames;
  bool refused = false;
  bool complete = false;
};
inline ExpectedFrames expected_frames(const std::string& bytes) {
  ExpectedFrames expected;
  std::size_t at = 0;
  while (bytes.size() - at >= io::frame_prefix_bytes) {
    std::size_t length = 0;
    for (std::size_t i = io::frame_prefix_bytes; i-- > 0;) {
      length = length << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    expected.refused = length > frame_limit;
    if (expected.refused || bytes.size() - at - io::frame_prefix_bytes < length) break;
    expected.frames.push_back(bytes.substr(at + io::frame_prefix_bytes, length));
    at += io::frame_prefix_bytes + length;
  }
  expected.complete = at == bytes.size();
  return expected;
}

inline std::string frame_of(const std::string& contents) {
  std::string bytes;
  for (std::size_t i = 0; i < io::frame_prefix_bytes; ++i) {
    bytes += static_cast<char>(contents.size() >> (8 * i) & 0xFFU);
  }
  return bytes + contents;
}

/// Each piece is the number of its bytes and these.
inline Buffer in_pieces(const std::string& bytes, std::size_t length) {
  std::string pieces;
  for (std::size_t at = 0; at < bytes.size(); at += length) {
    const std::string piece = bytes.substr(at, length);
    pieces += static_cast<char>(piece.size());
    pieces += piece;
  }
  return Buffer::copy_of(pieces);
}

inline std::vector<Buffer> frame_seeds() {
  const std::string frames = frame_of("hello") + frame_of("") + frame_of(std::string(500, 'x')) + frame_of("end");
  std::string many;
  while (many.size() < 2 * block_bytes) many += frame_of(std::string(frame_limit, 'y'));
  return {in_pieces(frames, 255), in_pieces(frames, 3), in_pieces(many, 250)};
}

/// The longest of frame_seeds() is a little shorter.
inline constexpr std::size_t frame_seed_bytes_max = 12'000;

}  // namespace lockstep::fuzz
