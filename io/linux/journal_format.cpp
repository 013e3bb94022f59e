#include "io/linux/journal_format.h"

#include "engine/values/check.h"
#include "engine/values/hash64.h"
#include "io/journal.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace lockstep::io {

namespace {

constexpr std::uint64_t magic = 0x314C4E4A50544B4CULL;  // "LKTPJNL1"
constexpr std::size_t checksum_offset = 24;
constexpr std::size_t header_bytes = 32;
static_assert(header_bytes + journal_bytes_max <= journal_copy_bytes);

using Copy = std::array<std::byte, journal_copy_bytes>;

template <typename Integer>
void put(Copy& copy, std::size_t offset, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) copy[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename Integer>
Integer get(std::span<const std::byte> bytes, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value |= std::to_integer<Integer>(bytes[offset + i]) << (8 * i);
  return value;
}

/// Over the whole copy, as if the checksum's own place held zeros.
std::uint64_t checksum(Copy copy) {
  put<std::uint64_t>(copy, checksum_offset, 0);
  return hash64(std::as_bytes(std::span(copy)));
}

std::optional<JournalRecord> decode(const Copy& copy) {
  if (get<std::uint64_t>(copy, 0) != magic) return std::nullopt;
  if (get<std::uint64_t>(copy, checksum_offset) != checksum(copy)) return std::nullopt;
  const auto length = get<std::uint32_t>(copy, 16);
  if (length > journal_bytes_max) return std::nullopt;
  return JournalRecord{get<std::uint64_t>(copy, 8), Buffer::copy_of(std::span(copy).subspan(header_bytes, length))};
}

bool read_fully(int fd, std::span<std::byte> into, off_t offset) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(got));
    offset += got;
  }
  return true;
}

int write_fully(int fd, std::span<const std::byte> bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return 0;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

int sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace

std::variant<JournalRecord, std::string> read_journal(int fd) {
  std::optional<JournalRecord> newest;
  for (std::size_t index = 0; index < journal_file_bytes / journal_copy_bytes; ++index) {
    Copy copy{};
    // A copy that cannot be read is as good as a spoiled one: another may hold the same record.
    if (!read_fully(fd, copy, static_cast<off_t>(index * journal_copy_bytes))) continue;
    auto record = decode(copy);
    if (record && (!newest || record->sequence > newest->sequence)) newest = std::move(record);
  }
  if (newest) return std::move(*newest);
  return "holds no intact record";
}

int write_journal(int fd, std::uint64_t sequence, const Buffer& record) {
  LOCKSTEP_CHECK(record.size() <= journal_bytes_max, "a journal record stays within journal_bytes_max");
  Copy copy{};
  put(copy, 0, magic);
  put(copy, 8, sequence);
  put(copy, 16, static_cast<std::uint32_t>(record.size()));
  if (!record.empty()) std::memcpy(copy.data() + header_bytes, record.data(), record.size());
  put(copy, checksum_offset, checksum(copy));
  std::vector<std::byte> slot(copy.begin(), copy.end());
  slot.insert(slot.end(), copy.begin(), copy.end());
  const auto offset = static_cast<off_t>(sequence % 2 * journal_slot_bytes);
  if (const int error = write_fully(fd, slot, offset); error != 0) return error;
  return ::fdatasync(fd) == 0 ? 0 : errno;
}

std::string create_journal(const std::string& path) {
  struct stat existing {};
  if (::stat(path.c_str(), &existing) == 0) return {};
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return "cannot create " + temporary + ": " + std::strerror(errno);
  int error = ::ftruncate(fd, static_cast<off_t>(journal_file_bytes)) == 0 ? 0 : errno;
  if (error == 0) error = write_journal(fd, 1, {});
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  ::close(fd);
  // link(2), not rename(2): if another process was faster, its journal must not be replaced.
  if (error == 0 && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(temporary.c_str());
  if (error == 0) error = sync_directory(parent_of(path));
  return error == 0 ? std::string() : "cannot create " + path + ": " + std::strerror(error);
}

}  // namespace lockstep::io
