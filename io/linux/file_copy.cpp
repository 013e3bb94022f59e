#include "io/linux/file_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace lockstep::linux_io {

namespace {

constexpr std::uint64_t stretch_bytes = std::uint64_t{8} << 20U;

/// Where copy_file_range cannot.
int copy_through_memory(int from, int to, std::uint64_t offset, std::uint64_t length) {
  std::vector<char> bytes(length);
  std::size_t filled = 0;
  while (filled < length) {
    const ssize_t got = ::pread(from, bytes.data() + filled, length - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  for (std::size_t done = 0; done < filled;) {
    const ssize_t put = ::pwrite(to, bytes.data() + done, filled - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    done += static_cast<std::size_t>(put);
  }
  return 0;
}

int copy_stretch(int from, int to, std::uint64_t offset, std::uint64_t length) {
  auto in = static_cast<loff_t>(offset);
  auto out = static_cast<loff_t>(offset);
  const loff_t end = in + static_cast<loff_t>(length);
  while (in < end) {
    const ssize_t count = ::copy_file_range(from, &in, to, &out, static_cast<std::size_t>(end - in), 0);
    if (count < 0 && errno == EINTR) continue;
    const bool cannot = count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP);
    if (cannot) {
      return copy_through_memory(from, to, static_cast<std::uint64_t>(in), static_cast<std::uint64_t>(end - in));
    }
    if (count < 0) return errno;
    if (count == 0) return 0;  // the file has become shorter
  }
  return 0;
}

}  // namespace

int copy_contents(int from, int to, const std::function<bool()>& go_on) {
  struct stat status {};
  if (::fstat(from, &status) != 0) return errno;
  if (::ioctl(to, FICLONE, from) == 0) return 0;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (::ftruncate(to, status.st_size) != 0) return errno;
  std::uint64_t at = 0;
  while (at < size) {
    const off_t data = ::lseek(from, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) return 0;  // a hole to the end
    if (data < 0) return errno;
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) return errno;
    for (at = static_cast<std::uint64_t>(data); at < static_cast<std::uint64_t>(hole);) {
      if (!go_on()) return ECANCELED;
      const std::uint64_t length = std::min(stretch_bytes, static_cast<std::uint64_t>(hole) - at);
      if (const int error = copy_stretch(from, to, at, length); error != 0) return error;
      at += length;
    }
  }
  return 0;
}

}  // namespace lockstep::linux_io
