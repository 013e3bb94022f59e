// The mount table of this process's mount namespace, as far as guard and mount need it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace lockstep::linux_io {

/// Recognise what an earlier daemon left behind.
inline constexpr const char* fuse_type = "fuse.lockstep";
inline constexpr const char* guard_source = "lockstep-guard";

struct MountEntry {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  ///< the mount that it lies on
  dev_t device = 0;
  std::string root;   ///< which directory of its filesystem is mounted
  std::string point;  ///< where
  std::string type;
  std::string source;

  [[nodiscard]] bool is_lockstep_fuse() const { return type == fuse_type; }
  [[nodiscard]] bool is_guard() const { return type == "tmpfs" && source == guard_source; }
};

/// A line of /proc/self/mountinfo; nothing if it is none.
std::optional<MountEntry> parse_mount(const std::string& line);
/// In the order of mounting: of several mounts on one point the last is on top. Never waits for a filesystem.
std::vector<MountEntry> read_mounts();
/// What is mounted on `path` (absolute, without links), on top.
std::optional<MountEntry> top_mount(const std::string& path);
/// The id of the mount through which `fd` was opened; 0 if unknown.
std::uint64_t mount_of(int fd);
/// The FUSE connection's number, where the kernel tells it (Linux 6.16): also the minor number of its mount's device.
std::optional<unsigned> fuse_connection_of(int device);
/// As FuseMount names the mount of this module.
std::string fuse_source(const std::string& module);
/// Ends the FUSE mount of `module` that `device` serves, wherever it is: whoever waits in it is told an error. The
/// guard beneath stays. For a mount that nobody serves any more.
void end_fuse_mount(const std::string& module, int device);
/// Whether `path` is `directory` or beneath it.
bool is_within(const std::string& path, const std::string& directory);

}  // namespace lockstep::linux_io
