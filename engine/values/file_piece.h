// What is read of a file, in pieces: where there is nothing but zeroes a length says so, and no bytes travel.
#pragma once

#include "engine/values/buffer.h"

#include <cstdint>
#include <vector>

namespace lockstep {

/// A run of a file's bytes.
struct FilePiece {
  std::uint64_t offset = 0;  ///< in the file
  std::uint64_t length = 0;  ///< in bytes, at least one
  Buffer data{};             ///< `length` bytes; empty where every one of them is zero

  [[nodiscard]] bool zero() const { return data.empty(); }
};

/// Zeroes that follow the last of `pieces` in the file.
void add_zeroes(std::vector<FilePiece>& pieces, std::uint64_t offset, std::uint64_t length);

/// What was read at `offset` and follows the last of `pieces`: cut only between chunks, counted from `offset`, of which
/// one is all zero and the other is not. The last chunk may be shorter. The pieces share the bytes of `data`.
/// `chunk_bytes` is not 0.
void add_pieces(std::vector<FilePiece>& pieces, std::uint64_t offset, const Buffer& data, std::uint32_t chunk_bytes);

}  // namespace lockstep
