#include "io/linux/directory_names.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>

namespace lockstep::linux_io {

Outcome<std::vector<std::string>> names_in(int directory) {
  using Names = Outcome<std::vector<std::string>>;
  Descriptor listing(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
  if (!listing.valid()) return Names::failed(errno);
  DIR* stream = ::fdopendir(listing.fd());
  if (stream == nullptr) return Names::failed(errno);
  listing.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  if (error != 0) return Names::failed(error);
  return Names::of(std::move(names));
}

}  // namespace lockstep::linux_io
