#include "io/linux/touch_log_format.h"

#include "engine/values/hash64.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace lockstep::io {

namespace {

constexpr std::uint64_t magic = 0x314C4354504B434CULL;
constexpr std::size_t pair_bytes = 2 * touch_copy_bytes;
constexpr std::size_t number_offset = 0;
constexpr std::size_t first_offset = 4;
constexpr std::size_t length_offset = 8;
constexpr std::size_t more_offset = 10;
constexpr std::size_t payload_offset = 12;
constexpr std::size_t checksum_offset = touch_copy_bytes - 8;
static_assert(checksum_offset - payload_offset == touch_payload_bytes);

using Copy = std::array<std::byte, touch_copy_bytes>;

template <typename Integer>
void put(Copy& copy, std::size_t offset, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) copy[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename Integer>
Integer get(const Copy& copy, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<Integer>(value | std::to_integer<Integer>(copy[offset + i]) << (8 * i));
  }
  return value;
}

std::uint64_t checksum(const Copy& copy) { return hash64(std::as_bytes(std::span(copy)).first(checksum_offset)); }

void add_twice(std::vector<std::byte>& bytes, Copy& copy) {
  put(copy, checksum_offset, checksum(copy));
  for (int i = 0; i < 2; ++i) bytes.insert(bytes.end(), copy.begin(), copy.end());
}

/// `unreadable` is set where the disk refuses: then nobody knows what stood there.
bool read_copy(int fd, std::size_t offset, Copy& copy, bool& unreadable) {
  std::size_t done = 0;
  while (done < copy.size()) {
    const ssize_t got = ::pread(fd, copy.data() + done, copy.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) unreadable = true;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return get<std::uint64_t>(copy, checksum_offset) == checksum(copy);
}

std::optional<Copy> read_pair(int fd, std::size_t index, bool& unreadable) {
  Copy copy{};
  for (const std::size_t offset : {std::size_t{0}, touch_copy_bytes}) {
    if (read_copy(fd, index * pair_bytes + offset, copy, unreadable)) return copy;
  }
  return std::nullopt;
}

int write_fully(int fd, std::span<const std::byte> bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return 0;
}

int sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
  const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace

std::vector<std::byte> touch_head() {
  std::vector<std::byte> bytes;
  Copy copy{};
  put(copy, 0, magic);
  add_twice(bytes, copy);
  return bytes;
}

std::vector<std::byte> touch_blocks(std::uint32_t number, const Buffer& records) {
  std::vector<std::byte> bytes;
  const std::uint32_t first = number;
  for (std::size_t at = 0; at < records.size(); at += touch_payload_bytes) {
    const Buffer payload = records.slice(at, std::min(touch_payload_bytes, records.size() - at));
    const bool more = at + payload.size() < records.size();
    Copy copy{};
    put(copy, number_offset, number++);
    put(copy, first_offset, first);
    put(copy, length_offset, static_cast<std::uint16_t>(payload.size()));
    put(copy, more_offset, static_cast<std::uint16_t>(more ? 1 : 0));
    std::memcpy(copy.data() + payload_offset, payload.data(), payload.size());
    add_twice(bytes, copy);
  }
  return bytes;
}

FoundTouches read_touches(int fd) {
  FoundTouches unreadable{{false, {}}, 0};
  bool refused = false;
  struct stat info {};
  if (::fstat(fd, &info) != 0) return unreadable;
  const auto head = read_pair(fd, 0, refused);
  if (!head || get<std::uint64_t>(*head, 0) != magic) return unreadable;
  const auto pairs = static_cast<std::uint32_t>((static_cast<std::size_t>(info.st_size) + pair_bytes - 1) / pair_bytes);
  std::vector<std::byte> bytes;
  std::size_t whole_calls = 0;
  FoundTouches found;
  std::uint32_t first = 0;  // of the call that is being read
  for (std::uint32_t number = 0; number + 1 < pairs; ++number) {
    const auto block = read_pair(fd, number + 1, refused);
    if (!block) {
      // Only the call that was being added last may be spoiled: no other was begun after it.
      for (std::uint32_t later = number + 1; later + 1 < pairs; ++later) {
        const auto next = read_pair(fd, later + 1, refused);
        if (next && get<std::uint32_t>(*next, first_offset) > number) return unreadable;
      }
      break;
    }
    const auto length = get<std::uint16_t>(*block, length_offset);
    if (get<std::uint32_t>(*block, number_offset) != number || get<std::uint32_t>(*block, first_offset) != first ||
        length > touch_payload_bytes) {
      return unreadable;
    }
    bytes.insert(bytes.end(), block->begin() + payload_offset, block->begin() + payload_offset + length);
    if (get<std::uint16_t>(*block, more_offset) != 0) continue;
    whole_calls = bytes.size();
    first = found.blocks = number + 1;
  }
  if (refused) return unreadable;
  bytes.resize(whole_calls);
  found.touches.records = Buffer(std::move(bytes));
  return found;
}

int append_touches(int fd, std::uint32_t blocks, const Buffer& records) {
  const std::vector<std::byte> bytes = touch_blocks(blocks, records);
  if (const int error = write_fully(fd, bytes, (std::size_t{blocks} + 1) * pair_bytes); error != 0) return error;
  return ::fdatasync(fd) == 0 ? 0 : errno;
}

int cut_touches(int fd, std::uint32_t blocks) {
  if (::ftruncate(fd, static_cast<off_t>((std::size_t{blocks} + 1) * pair_bytes)) != 0) return errno;
  return ::fsync(fd) == 0 ? 0 : errno;
}

ReplacedTouches replace_touches(const std::string& path, const Buffer& records) {
  const std::string temporary = path + ".new";
  ReplacedTouches replaced;
  const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return {-1, 0, errno};
  std::vector<std::byte> bytes = touch_head();
  const std::vector<std::byte> blocks = touch_blocks(0, records);
  bytes.insert(bytes.end(), blocks.begin(), blocks.end());
  replaced.error = write_fully(fd, bytes, 0);
  if (replaced.error == 0 && ::fsync(fd) != 0) replaced.error = errno;
  if (replaced.error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) replaced.error = errno;
  if (replaced.error == 0) replaced.error = sync_directory_of(path);
  if (replaced.error != 0) {
    ::close(fd);
    return replaced;
  }
  replaced.fd = fd;
  replaced.blocks = touch_blocks_of(records);
  return replaced;
}

}  // namespace lockstep::io
