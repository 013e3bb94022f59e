#include "props/exerciser/found_tree.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace lockstep::exerciser {
namespace {

struct Freed {
  void operator()(std::byte* memory) const { std::free(memory); }
};

/// Closes at the end of its scope.
class OpenedForReading {
 public:
  OpenedForReading(const std::string& path, int flags)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags)) {
    if (fd_ < 0) fail();
  }
  ~OpenedForReading() { ::close(fd_); }
  OpenedForReading(const OpenedForReading&) = delete;
  OpenedForReading& operator=(const OpenedForReading&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[noreturn]] void fail() const { throw std::system_error(errno, std::generic_category(), path_); }

 private:
  std::string path_;
  int fd_;
};

Bytes content_of(const OpenedForReading& file) {
  const std::uint64_t room = file_bytes_max + direct_alignment_bytes;
  const std::unique_ptr<std::byte, Freed> buffer(
      static_cast<std::byte*>(std::aligned_alloc(direct_alignment_bytes, room)));
  Bytes content;
  while (true) {
    const ssize_t count = ::pread(file.fd(), buffer.get(), room, static_cast<off_t>(content.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) file.fail();
    if (count == 0) return content;
    content.insert(content.end(), buffer.get(), buffer.get() + count);
    // O_DIRECT goes on at aligned places only; a short read ends at the end of the file.
    if (static_cast<std::uint64_t>(count) % direct_alignment_bytes != 0) return content;
  }
}

FoundFile read_file(const std::string& path, ReadBy how) {
  const OpenedForReading file(path, how == ReadBy::direct ? O_DIRECT : 0);
  if (how == ReadBy::fresh_cache) ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) file.fail();
  return {status.st_ino, status.st_nlink, content_of(file)};
}

}  // namespace

std::map<std::string, FoundFile> read_tree(const std::string& directory, ReadBy how) {
  std::map<std::string, FoundFile> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_directory()) continue;
    const std::string path = entry.path().string();
    found.emplace(path.substr(directory.size() + 1), read_file(path, how));
  }
  return found;
}

}  // namespace lockstep::exerciser
