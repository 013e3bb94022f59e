// Reading and writing the file of a TouchLog; blocking, used by FileTouchLog and by its tests.
//
//   file:   head | block | block | ...
//   head:   two copies of: magic u64, zeros, XXH3-64
//   block:  two copies of: number u32, first u32, length u16, more u16, payload, zeros, XXH3-64 of what precedes it
//
// Every copy has 512 bytes. One call's records are as many blocks as they need; each says which is the first of them,
// and all but the last that more follow.
//
// A crash while a call's blocks are being added can spoil both copies of any of them: the call was never confirmed, and
// is left out. A flipped bit, or a sector that cannot be read, spoils one copy. Anything else is no log.
#pragma once

#include "engine/values/buffer.h"
#include "io/touch_log.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::io {

inline constexpr std::size_t touch_copy_bytes = 512;
inline constexpr std::size_t touch_payload_bytes = touch_copy_bytes - 20;

struct FoundTouches {
  LoggedTouches touches;
  std::uint32_t blocks = 0;  ///< that hold them: the next goes behind them
};

FoundTouches read_touches(int fd);

/// The bytes of a head, or of one call's blocks, the first of which is block `number`.
std::vector<std::byte> touch_head();
std::vector<std::byte> touch_blocks(std::uint32_t number, const Buffer& records);

/// Adds a call's blocks behind the first `blocks`, whatever is there, and waits until they are on disk. 0 or an errno.
int append_touches(int fd, std::uint32_t blocks, const Buffer& records);
inline std::uint32_t touch_blocks_of(const Buffer& records) {
  return static_cast<std::uint32_t>((records.size() + touch_payload_bytes - 1) / touch_payload_bytes);
}
/// Takes away whatever follows the first `blocks`, durably. 0 or an errno.
int cut_touches(int fd, std::uint32_t blocks);

struct ReplacedTouches {
  int fd = -1;  ///< open for append_touches(); -1: `error` is an errno
  std::uint32_t blocks = 0;
  int error = 0;
};
/// Puts a file with just these records in the place of `path`, durably, whole or not at all.
ReplacedTouches replace_touches(const std::string& path, const Buffer& records);

}  // namespace lockstep::io
