// A file in memory, for decoders that read from a descriptor.
#pragma once

#include "engine/values/check.h"
#include "io/linux/object_descriptor.h"

#include <cstddef>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace lockstep::fuzz {

class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    LOCKSTEP_CHECK(descriptor_.valid(), "there is memory for a file");
  }
  explicit MemoryFile(std::span<const std::byte> contents) : MemoryFile() {
    const ssize_t written = ::pwrite(fd(), contents.data(), contents.size(), 0);
    LOCKSTEP_CHECK(written == static_cast<ssize_t>(contents.size()), "there is memory for a file");
  }
  [[nodiscard]] int fd() const { return descriptor_.fd(); }

 private:
  linux_io::Descriptor descriptor_;
};

}  // namespace lockstep::fuzz
