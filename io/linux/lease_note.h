// How long the application of a module may be left alone: until shortly before another node may serve, as its daemon
// knew last.
#pragma once

#include "engine/values/time.h"
#include "io/linux/object_descriptor.h"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

namespace lockstep::io {

/// A small file in the runtime directory, which a reboot empties; it counts only in the boot that it was written in.
/// The daemon that answers for the module holds a lock on it, and so does, instead, who ends what a daemon has left.
/// Written in place, without a sync: it need not outlive a power loss. Used by one thread at a time.
class LeaseNote {
 public:
  struct Content {
    pid_t daemon = 0;   ///< who answers for the module, or has, if it is gone; 0: there is nothing to answer for
    Instant until;      ///< CLOCK_BOOTTIME
    bool held = false;  ///< what an earlier daemon has left is neither served nor ended yet
    bool operator==(const Content&) const = default;
  };

  /// `path` e.g. /run/lockstep/data.lease. Nothing happens yet.
  explicit LeaseNote(std::string path);

  /// Locks the file, which is made if there is none; waits up to `patience` for who has it. 0 or an errno: EWOULDBLOCK
  /// if somebody still has it.
  int lock(std::chrono::milliseconds patience);
  /// Nothing if there is no file, or if it does not count.
  [[nodiscard]] std::optional<Content> read() const;
  /// With the lock. An error as text, or empty; costs a system call on a filesystem in memory.
  [[nodiscard]] std::string write(const Content& content);

 private:
  std::string path_;
  std::string boot_;
  linux_io::Descriptor file_;  ///< with the lock
};

}  // namespace lockstep::io
