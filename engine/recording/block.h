// The blocks of a segment file. A block is written at once and carries a checksum, so that a recording that was cut
// short ends with its last whole block.
//
// File:  "LSTEPREC", format version (4), 0 (4), life (8), blocks
// Block: magic (4), number (8), bytes stored (4), bytes plain (4), checksum (8), the contents (compressed with
//        zstd if that makes them smaller). The checksum is XXH3-64 of all but itself, seeded with the life: a block
//        of another life is not taken for one of this.
#pragma once

#include "engine/values/buffer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lockstep::recording {

inline constexpr std::size_t file_header_bytes = 24;
std::vector<std::byte> file_header(std::uint64_t life);

struct FileHeader {
  std::uint32_t version = 0;
  std::uint64_t life = 0;
};
/// Nothing if it is no recording at all.
std::optional<FileHeader> read_file_header(const Buffer& file);

/// Makes the blocks of one life. Any thread, one at a time.
class BlockFramer {
 public:
  explicit BlockFramer(std::uint64_t life);
  ~BlockFramer();
  BlockFramer(const BlockFramer&) = delete;
  BlockFramer& operator=(const BlockFramer&) = delete;

  std::vector<std::byte> frame(std::uint64_t number, std::span<const std::byte> contents);

 private:
  class Compressor;
  std::uint64_t life_;
  std::unique_ptr<Compressor> compressor_;
};

struct Block {
  std::uint64_t number = 0;
  Buffer contents;
  std::size_t end = 0;  ///< offset of what follows it in the file
};
/// The block at `offset`; nothing if no whole and undamaged one is there.
std::optional<Block> read_block(const Buffer& file, std::size_t offset, std::uint64_t life);
/// Whether there is a whole block anywhere behind `offset`.
bool block_follows(const Buffer& file, std::size_t offset, std::uint64_t life);

}  // namespace lockstep::recording
