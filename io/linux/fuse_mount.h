// The way in for applications: FUSE, mounted over the guard that covers the raw directory.
#pragma once

#include "io/linux/fuse_session.h"
#include "io/mount.h"

#include <functional>
#include <memory>
#include <string>

namespace lockstep::linux_io {

struct FuseMountOptions {
  std::string path;    ///< absolute, without symbolic links: Guard::path()
  std::string module;  ///< names the mount in mount tables (source `lockstep:MODULE`, type fuse.lockstep)
  /// Called when the connection ends although close() was not called (somebody unmounted the directory). The guard
  /// is what applications see then; the daemon decides what to do. May be empty.
  std::function<void(const std::string& why)> lost;
};

/// Every open() begins a fresh session with empty caches in the kernel. Used on the loop's thread.
///
/// What applications should know: sync(2) and syncfs(2) do not reach the daemon; stores into shared mappings
/// arrive at msync, fsync, munmap or write-back; locks are the kernel's own and end with the mount; O_DSYNC arrives as
/// a write and an fsync; copy_file_range falls back to reading and writing; O_TMPFILE and file attributes (chattr) are
/// refused. prod/guide/promises.md has the whole list, and props/posix/ finds out.
class FuseMount final : public io::Mount {
 public:
  FuseMount(const FuseEnvironment& environment, FuseMountOptions options);
  /// Closes without an event.
  ~FuseMount() override;
  FuseMount(const FuseMount&) = delete;
  FuseMount& operator=(const FuseMount&) = delete;

  void open() override;
  void close() override;
  void reply(RequestId request, const io::Reply& reply) override;

  /// Takes one waiting request without sleeping; returns whether there was one. Optional, see FuseSession::poll().
  bool poll();

 private:
  std::string mount_device(int device) const;
  void detach();

  FuseEnvironment environment_;
  FuseMountOptions options_;
  std::uint64_t last_request_ = 0;
  std::shared_ptr<FuseSession> session_;
};

}  // namespace lockstep::linux_io
