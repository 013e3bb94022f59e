// Reading a file for the other node.
#pragma once

#include "engine/values/file_piece.h"
#include "io/linux/object_outcome.h"

#include <cstddef>
#include <cstdint>
#include <sys/stat.h>
#include <vector>

namespace lockstep::linux_io {

/// Reads up to `size` bytes, fewer only at the end of the file. What a resync or a verify looks at once must not push
/// the application's data out of the page cache; kernels before 6.14 and some filesystems know no way past it.
Outcome<std::size_t> read_fully(int fd, std::byte* into, std::size_t size, std::uint64_t offset);

/// What Volume::read() answers of a file whose attributes are `status`. Holes are not read. Moves the position of `fd`.
Outcome<std::vector<FilePiece>> read_pieces(int fd, const struct stat& status, std::uint64_t offset,
                                            std::uint64_t length, std::uint32_t chunk_bytes);

}  // namespace lockstep::linux_io
