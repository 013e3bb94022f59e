// Whether the replicated directory still holds everything that was ever written to it: true after a daemon's crash or
// stop, false after a power loss or when the directory is on another filesystem or another mount of it.
#pragma once

#include <string>

namespace lockstep::io {

/// The evidence is a small file in the runtime directory, which a reboot empties. It names the boot, the mount and the
/// directory, and counts only if all of them are still the same.
class RetainedMarker {
 public:
  /// `marker_path` e.g. /run/lockstep/data.retained; `directory_fd` the raw directory, open, beneath any mount of
  /// ours. Not owned.
  RetainedMarker(std::string marker_path, int directory_fd);

  /// What Booted tells the engine. If the answer is no, an outdated marker is removed at once.
  [[nodiscard]] bool retained();

  /// To be called once this node holds everything again, before it tells anybody: what a power loss took is not
  /// regained by a mere restart of the daemon, so a marker written earlier would turn the next start's "no" into a
  /// wrong "yes"; one written later would let what is acknowledged meanwhile not count after a restart.
  /// An error as text, or empty; without a marker the next start compares more than it must, no more.
  std::string confirm();

 private:
  [[nodiscard]] std::string evidence() const;

  std::string marker_path_;
  int directory_fd_;
};

}  // namespace lockstep::io
