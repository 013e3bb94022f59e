#include "io/linux/failed_syncs.h"

#include "io/linux/object_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lockstep::io {

std::uint64_t FailedSyncs::count() const {
  struct stat status {};
  return ::stat(path_.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void FailedSyncs::note() const {
  const linux_io::Descriptor file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  // Where even this fails there is nothing better to be done: the engine is told all the same.
  if (file.fd() >= 0) [[maybe_unused]]
    const auto written = ::write(file.fd(), "x", 1);
}

}  // namespace lockstep::io
