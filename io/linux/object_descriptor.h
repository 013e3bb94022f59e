// Ownership of one file descriptor.
#pragma once

#include <memory>
#include <unistd.h>
#include <utility>

namespace lockstep::linux_io {

/// Closes what it holds when it goes. Always close-on-exec by the way it was opened: scripts that the daemon
/// starts must never inherit a way past the mount.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// An open object of the volume; worker threads hold a share while they use it, so that it cannot be closed and
/// its number reused beneath them.
struct OpenObject {
  Descriptor descriptor;
  /// Opened with O_PATH (symbolic links, fifos, sockets, devices): no data can pass through it.
  bool path_only = false;

  [[nodiscard]] int fd() const { return descriptor.fd(); }
};
using OpenObjectPtr = std::shared_ptr<const OpenObject>;

}  // namespace lockstep::linux_io
