// Keeps everybody but the daemon away from the directory beneath the mount, also when the daemon is gone.
#pragma once

#include "io/linux/object_descriptor.h"

#include <string>

namespace lockstep::linux_io {

/// An empty, read-only tmpfs without permissions lies over the directory, the FUSE mount over that. If the daemon is
/// killed or the FUSE mount goes away, applications find the guard: closed, never the raw directory.
class Guard {
 public:
  /// `directory`: where applications will find the replicated files. Nothing happens yet.
  explicit Guard(std::string directory);
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Detaches what an earlier daemon left over the directory (its FUSE mount, dead by then, and its guard), opens
  /// the real directory, and puts a new guard over it. Returns why that is not possible, or an empty text. Only
  /// one daemon may do this for one directory: the caller holds the lock that makes sure. Call the check for
  /// bypasses (bypass.h) after it: what was opened before the guard is seen, and nothing can be opened after.
  std::string raise();

  /// Instead of raise(), where an earlier daemon's guard and the mount of `module` over it have stayed in place, with
  /// callers in it: `directory` is what that daemon had opened beneath, `device` what served its mount. Returns why
  /// they are not what lies over this object's directory, or an empty text. What was opened before the guard was raised
  /// was looked at then; nobody asks the mount anything, since nobody serves it yet.
  std::string take_up(Descriptor directory, int device, const std::string& module);

  /// The real directory, to be given to the volume: O_RDONLY|O_DIRECTORY. Valid after raise() or take_up(), as the path
  /// is.
  [[nodiscard]] Descriptor directory() const;
  /// Absolute and without symbolic links; where to mount.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether there was an earlier guard: the directory was closed already.
  [[nodiscard]] bool was_guarded() const { return was_guarded_; }

  /// For who is no daemon: ends a mount of `module` that nobody serves any more, and whoever waits in it is told an
  /// error. The guard beneath stays. Returns why it failed, or an empty text.
  std::string end_mount(const std::string& module);

  /// Takes away a FUSE mount of Lockstep's and the guard: the raw directory is open to all from now on. Without
  /// this call (also in the destructor) the guard stays. Returns why it failed, or an empty text.
  std::string release();

 private:
  std::string resolve_path();
  std::string uncover();
  std::string detach(int force);

  std::string path_;
  Descriptor directory_;
  bool was_guarded_ = false;
};

}  // namespace lockstep::linux_io
