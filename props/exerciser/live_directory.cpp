#include "props/exerciser/live_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace lockstep::exerciser {
namespace {

constexpr mode_t permissions = 0644;

std::int64_t checked(std::int64_t result) { return result < 0 ? -errno : result; }

/// Calls `part(done)` until `length` bytes are done or there are no more.
template <typename Part>
std::int64_t repeat(std::uint64_t length, Part part) {
  std::uint64_t done = 0;
  while (done < length) {
    const ssize_t count = part(done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -errno;
    if (count == 0) break;
    done += static_cast<std::uint64_t>(count);
  }
  return static_cast<std::int64_t>(done);
}

}  // namespace

void LiveDirectory::Freed::operator()(std::byte* memory) const { std::free(memory); }

LiveDirectory::LiveDirectory(const std::string& path)
    : directory_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(directory_)),
      aligned_(static_cast<std::byte*>(std::aligned_alloc(direct_alignment_bytes, file_bytes_max))) {
  if (directory_ < 0) throw std::system_error(errno, std::generic_category(), path);
}

LiveDirectory::~LiveDirectory() {
  for (std::size_t slot = 0; slot < slots; ++slot) close(slot);
  ::close(directory_);
}

Outcome LiveDirectory::make(const Call& call, std::span<const std::byte> data) {
  const int fd = open_.at(call.slot).fd;
  switch (call.kind) {
    case CallKind::open: return {open(call), {}};
    case CallKind::close: return {close(call.slot), {}};
    case CallKind::write: return {write(call, data), {}};
    case CallKind::read: return read(call);
    case CallKind::store: return {store(call, data), {}};
    case CallKind::store_and_sync: {
      const std::int64_t stored = store(call, data);
      return {stored < 0 ? stored : sync_mapping(call), {}};
    }
    case CallKind::load: return load(call);
    case CallKind::sync_mapping: return {sync_mapping(call), {}};
    case CallKind::resize:
      return {checked(::truncate(path_of(call.name).c_str(), static_cast<off_t>(call.length))), {}};
    case CallKind::resize_open: return {checked(::ftruncate(fd, static_cast<off_t>(call.length))), {}};
    case CallKind::allocate:
      return {checked(::fallocate(fd, call.flags, static_cast<off_t>(call.offset), static_cast<off_t>(call.length))),
              {}};
    case CallKind::sync: return {checked(::fsync(fd)), {}};
    case CallKind::sync_data: return {checked(::fdatasync(fd)), {}};
    case CallKind::rename:
      return {checked(::renameat2(AT_FDCWD, path_of(call.name).c_str(), AT_FDCWD, path_of(call.new_name).c_str(),
                                  static_cast<unsigned>(call.flags))),
              {}};
    case CallKind::link: return {checked(::link(path_of(call.name).c_str(), path_of(call.new_name).c_str())), {}};
    case CallKind::unlink: return {checked(::unlink(path_of(call.name).c_str())), {}};
    case CallKind::copy: return {copy(call), {}};
    case CallKind::send: return {send(call), {}};
  }
  return {-ENOSYS, {}};
}

int LiveDirectory::open(const Call& call) {
  const int fd = ::open(path_of(call.name).c_str(), call.flags | O_CLOEXEC, permissions);
  if (fd < 0) return -errno;
  open_.at(call.slot).fd = fd;
  return 0;
}

int LiveDirectory::close(std::size_t slot) {
  OpenDescriptor& open = open_.at(slot);
  if (open.mapping != nullptr) ::munmap(open.mapping, file_bytes_max);
  const int closed = open.fd < 0 ? 0 : ::close(open.fd);
  const int error = closed == 0 ? 0 : errno;
  open = {};
  return -error;
}

std::int64_t LiveDirectory::write(const Call& call, std::span<const std::byte> data) {
  std::copy(data.begin(), data.end(), aligned_.get());
  return repeat(data.size(), [&](std::uint64_t done) {
    return ::pwrite(open_.at(call.slot).fd, aligned_.get() + done, data.size() - done,
                    static_cast<off_t>(call.offset + done));
  });
}

Outcome LiveDirectory::read(const Call& call) {
  std::memset(aligned_.get(), 0xEE, call.length);  // so that what is not read is not taken for read
  const ssize_t count = ::pread(open_.at(call.slot).fd, aligned_.get(), call.length, static_cast<off_t>(call.offset));
  if (count < 0) return {-errno, {}};
  return {count, Bytes(aligned_.get(), aligned_.get() + count)};
}

Bytes LiveDirectory::read_open(std::size_t slot) const {
  // Another file description of the same file: this one may have been opened for writing only.
  const std::string again = "/proc/self/fd/" + std::to_string(open_.at(slot).fd);
  const int fd = ::open(again.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "a file without a name");
  Bytes content(file_bytes_max + 1);
  const std::int64_t count = repeat(content.size(), [&](std::uint64_t done) {
    return ::pread(fd, content.data() + done, content.size() - done, static_cast<off_t>(done));
  });
  ::close(fd);
  if (count < 0) throw std::system_error(static_cast<int>(-count), std::generic_category(), "a file without a name");
  content.resize(static_cast<std::size_t>(count));
  return content;
}

std::uint64_t LiveDirectory::size_of(std::size_t slot) const {
  struct stat status {};
  if (::fstat(open_.at(slot).fd, &status) != 0) throw std::system_error(errno, std::generic_category(), "fstat");
  return static_cast<std::uint64_t>(status.st_size);
}

std::byte* LiveDirectory::mapping_of(std::size_t slot) {
  OpenDescriptor& open = open_.at(slot);
  if (open.mapping == nullptr) {
    void* const mapping = ::mmap(nullptr, file_bytes_max, PROT_READ | PROT_WRITE, MAP_SHARED, open.fd, 0);
    if (mapping != MAP_FAILED) open.mapping = static_cast<std::byte*>(mapping);
  }
  return open.mapping;
}

std::int64_t LiveDirectory::store(const Call& call, std::span<const std::byte> data) {
  std::byte* const mapping = mapping_of(call.slot);
  if (mapping == nullptr) return -errno;
  std::copy(data.begin(), data.end(), mapping + call.offset);
  return 0;
}

Outcome LiveDirectory::load(const Call& call) {
  const std::byte* const mapping = mapping_of(call.slot);
  if (mapping == nullptr) return {-errno, {}};
  return {static_cast<std::int64_t>(call.length), Bytes(mapping + call.offset, mapping + call.offset + call.length)};
}

std::int64_t LiveDirectory::sync_mapping(const Call& call) {
  std::byte* const mapping = mapping_of(call.slot);
  if (mapping == nullptr) return -errno;
  const std::uint64_t begin = call.offset / page_bytes * page_bytes;
  return checked(::msync(mapping + begin, call.offset + call.length - begin, MS_SYNC));
}

std::int64_t LiveDirectory::copy(const Call& call) {
  return repeat(call.length, [&](std::uint64_t done) {
    auto from = static_cast<off_t>(call.offset + done);
    auto to = static_cast<off_t>(call.target_offset + done);
    return ::copy_file_range(open_.at(call.slot).fd, &from, open_.at(call.target_slot).fd, &to, call.length - done, 0);
  });
}

std::int64_t LiveDirectory::send(const Call& call) {
  const int target = open_.at(call.target_slot).fd;
  return repeat(call.length, [&](std::uint64_t done) -> ssize_t {
    auto from = static_cast<off_t>(call.offset + done);
    if (::lseek(target, static_cast<off_t>(call.target_offset + done), SEEK_SET) < 0) return -1;
    return ::sendfile(target, open_.at(call.slot).fd, &from, call.length - done);
  });
}

}  // namespace lockstep::exerciser
