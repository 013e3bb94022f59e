// The way in for applications: FUSE, mounted over the guard that covers the raw directory.
#pragma once

#include "io/linux/descriptor_keeper.h"
#include "io/linux/fuse_session.h"
#include "io/mount.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::linux_io {

struct FuseMountOptions {
  std::string path;    ///< absolute, without symbolic links: Guard::path()
  std::string module;  ///< names the mount in mount tables (source `lockstep:MODULE`, type fuse.lockstep)
  /// Called when the connection ends although close() was not called (somebody unmounted the directory). The guard
  /// is what applications see then; the daemon decides what to do. May be empty.
  std::function<void(const std::string& why)> lost;
  /// Outlives the mount. Null: the mount ends with this process.
  DescriptorKeeper* keeper = nullptr;
};

/// What the keeper has of a mount that an earlier life of this process has left open, by the names of FuseKeeping.
struct HeldMount {
  Descriptor device;
  Descriptor state;
  std::vector<HeldFile> files;
};

/// Every open() begins a fresh session with empty caches in the kernel; but the first, where there is a held mount,
/// goes on with its session. Used on the loop's thread.
///
/// With a keeper the mount outlives a process that is killed, at whatever instruction; so do open files, also those
/// whose last name is gone, working directories and listings under way. Who has asked for something waits. Not so
/// what has lost its last name and is referred to without being open (by an O_PATH descriptor or as a working
/// directory): then it is gone. Before Linux 6.9 requests cannot be resent, and nothing is kept. A process that is to
/// end, and its mount to stay, ends without destroying its FuseMount (or is killed).
///
/// What applications should know: sync(2) and syncfs(2) do not reach the daemon; stores into shared mappings
/// arrive at msync, fsync, munmap or write-back; locks are the kernel's own and end with the mount; O_DSYNC arrives as
/// a write and an fsync; copy_file_range falls back to reading and writing; O_TMPFILE and file attributes (chattr) are
/// refused. prod/guide/promises.md has the whole list, and props/posix/ finds out.
class FuseMount final : public io::Mount {
 public:
  FuseMount(const FuseEnvironment& environment, FuseMountOptions options, std::optional<HeldMount> held = std::nullopt);
  /// Closes without an event; a held mount that was neither opened nor closed is left as it is.
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
  std::shared_ptr<FuseSession> make_session(Descriptor device, FuseState state, FuseKeeping keeping);
  void take_up();
  std::string check_held() const;
  bool keep(int device, int state);
  void let_go();
  void detach();

  FuseEnvironment environment_;
  FuseMountOptions options_;
  std::optional<HeldMount> held_;
  FuseKeeping keeping_;
  bool kept_ = false;  ///< device and state, by the keeper
  std::uint64_t last_request_ = 0;
  std::shared_ptr<FuseSession> session_;
};

}  // namespace lockstep::linux_io
