#include "io/linux/file_reading.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace lockstep::linux_io {

namespace {

/// RWF_DONTCACHE of <linux/fs.h>, which older headers do not have.
constexpr int do_not_cache = 0x80;
constexpr std::uint64_t sector_bytes = 512;

/// Of a file, in bytes from its beginning.
struct Stretch {
  std::uint64_t begin;
  std::uint64_t end;
};

/// Where data begins, from `at` on; `none` if a hole reaches to the end of the file. Where the filesystem does not
/// tell, reading does.
std::uint64_t next_data(int fd, std::uint64_t at, std::uint64_t none) {
  const off_t found = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
  if (found < 0) return errno == ENXIO ? none : at;
  return static_cast<std::uint64_t>(found);
}

std::uint64_t next_hole(int fd, std::uint64_t at, std::uint64_t none) {
  const off_t found = ::lseek(fd, static_cast<off_t>(at), SEEK_HOLE);
  return found < 0 ? none : static_cast<std::uint64_t>(found);
}

/// The chunks of `all` that are no holes from end to end. Neighbours are in one stretch.
std::vector<Stretch> find_data(int fd, const Stretch& all, std::uint32_t chunk_bytes) {
  std::vector<Stretch> found;
  for (std::uint64_t at = all.begin; at < all.end;) {
    const std::uint64_t data = next_data(fd, at, all.end);
    if (data >= all.end) break;
    const std::uint64_t begin = data - (data - all.begin) % chunk_bytes;
    const std::uint64_t hole = std::clamp(next_hole(fd, data, all.end), data + 1, all.end);
    const std::uint64_t rest = (hole - all.begin) % chunk_bytes;
    at = rest == 0 ? hole : std::min(all.end, hole + (chunk_bytes - rest));
    if (!found.empty() && found.back().end == begin) {
      found.back().end = at;
    } else {
      found.push_back({begin, at});
    }
  }
  return found;
}

}  // namespace

Outcome<std::size_t> read_fully(int fd, std::byte* into, std::size_t size, std::uint64_t offset) {
  int flags = do_not_cache;
  std::size_t done = 0;
  while (done < size) {
    const iovec part{into + done, size - done};
    const ssize_t count = ::preadv2(fd, &part, 1, static_cast<off_t>(offset + done), flags);
    if (count < 0 && errno == EOPNOTSUPP && flags != 0) {
      flags = 0;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Outcome<std::size_t>::failed(errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return Outcome<std::size_t>::of(done);
}

Outcome<std::vector<FilePiece>> read_pieces(int fd, const struct stat& status, std::uint64_t offset,
                                            std::uint64_t length, std::uint32_t chunk_bytes) {
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (offset >= size) return Outcome<std::vector<FilePiece>>::of({});
  const Stretch all{offset, offset + std::min(length, size - offset)};
  // A file with as many blocks as it is long has no holes worth looking for.
  const bool sparse = S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_blocks) * sector_bytes < size;
  const std::vector<Stretch> stretches = sparse ? find_data(fd, all, chunk_bytes) : std::vector<Stretch>{all};
  std::vector<FilePiece> pieces;
  std::uint64_t reached = all.begin;
  for (const Stretch& stretch : stretches) {
    add_zeroes(pieces, reached, stretch.begin - reached);
    const std::size_t wanted = stretch.end - stretch.begin;
    auto bytes = std::make_shared_for_overwrite<std::byte[]>(wanted);
    const auto got = read_fully(fd, bytes.get(), wanted, stretch.begin);
    if (!got.ok()) return Outcome<std::vector<FilePiece>>::failed(got.error);
    const std::byte* data = bytes.get();
    add_pieces(pieces, stretch.begin, Buffer(std::move(bytes), data, got.value), chunk_bytes);
    if (got.value < wanted) return Outcome<std::vector<FilePiece>>::of(std::move(pieces));
    reached = stretch.end;
  }
  add_zeroes(pieces, reached, all.end - reached);
  return Outcome<std::vector<FilePiece>>::of(std::move(pieces));
}

}  // namespace lockstep::linux_io
