// System calls on one object by descriptor, uniform over regular files, directories and O_PATH descriptors.
#pragma once

#include "engine/values/file_id.h"
#include "engine/values/operation.h"
#include "engine/values/time.h"
#include "io/linux/object_descriptor.h"
#include "io/linux/object_outcome.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace lockstep::linux_io {

/// The identity of an object lies in this extended attribute, 16 bytes, big-endian. Invisible through the mount.
inline constexpr const char* identity_attribute = "trusted.lockstep.identity";
using IdentityBytes = std::array<std::uint8_t, 16>;
IdentityBytes identity_bytes(const FileId& id);
/// Attributes with this prefix belong to Lockstep and are hidden from applications and manifests.
inline constexpr std::string_view reserved_attribute_prefix = "trusted.lockstep.";

/// A short text naming a descriptor, or an entry of the directory behind it, for system calls that want a path.
class DescriptorPath {
 public:
  explicit DescriptorPath(int fd) : text_("/proc/self/fd/" + std::to_string(fd)) {}
  /// `name` is a single component; the final component is not followed by the l*xattr calls.
  DescriptorPath(int directory, const std::string& name) : DescriptorPath(directory) { text_ += '/' + name; }
  [[nodiscard]] const char* c_str() const { return text_.c_str(); }

 private:
  std::string text_;
};

/// 64 bits end in the years 1677 and 2262; a time beyond is taken for the last that they hold.
constexpr std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t seconds_max = std::numeric_limits<std::int64_t>::max() / ns_per_second;
  if (time.tv_sec >= seconds_max) return std::numeric_limits<std::int64_t>::max();
  if (time.tv_sec <= -seconds_max) return -seconds_max * ns_per_second;
  return time.tv_sec * ns_per_second + time.tv_nsec;
}
inline timespec to_timespec(std::int64_t ns) {
  const std::int64_t rest = ((ns % ns_per_second) + ns_per_second) % ns_per_second;  // times before 1970 are negative
  return {static_cast<time_t>((ns - rest) / ns_per_second), static_cast<long>(rest)};
}

/// 0 if `name` can be one entry of a directory, EINVAL otherwise (empty, ".", "..", with '/' or NUL): the reason
/// why no operation of the stream can lead out of the volume.
int check_name(std::string_view name);

/// A persistent name for an inode of one filesystem (name_to_handle_at(2)); includes the inode's generation, so
/// that a reused inode number is never mistaken for the old object.
struct ObjectHandle {
  static constexpr std::size_t bytes_max = 24;
  std::int32_t type = 0;
  std::uint8_t size = 0;
  std::array<std::uint8_t, bytes_max> bytes{};

  bool operator==(const ObjectHandle&) const = default;
};
/// `name` empty: the handle of `directory` itself. EOPNOTSUPP or EOVERFLOW: this filesystem cannot be used.
Outcome<ObjectHandle> handle_of(int directory, const std::string& name);
/// `mount` is any non-O_PATH descriptor of the same filesystem. ESTALE: the object is gone.
Outcome<Descriptor> open_handle(int mount, const ObjectHandle& handle, int flags);

/// Of that period, with 64 random bits from the kernel; never one of the reserved identities.
FileId draw_identity(Period period);
/// FileId::none() as value: the object has none, or an unusable one.
Outcome<FileId> read_identity(int directory, const std::string& name);
Outcome<FileId> read_identity(const OpenObject& object);
int write_identity(const OpenObject& object, const FileId& id);
int write_identity(int directory, const std::string& name, const FileId& id);

/// Of a mode: all but the type.
inline constexpr mode_t permission_bits = 07777;

Outcome<struct stat> status_of(const OpenObject& object);
/// Every field of what such an inode is.
Attributes describe_attributes(const struct stat& status);
/// As truncate(2), which may leave the times of a file that has this size already.
int change_size(const OpenObject& object, std::uint64_t size_bytes);
/// As ftruncate(2), of an object that was opened for writing: its times change.
int give_size(const OpenObject& object, std::uint64_t size_bytes);
int change_mode(const OpenObject& object, mode_t mode);
int change_owner(const OpenObject& object, uid_t uid, gid_t gid);
/// timespec with UTIME_OMIT / UTIME_NOW as in utimensat(2).
int change_times(const OpenObject& object, const timespec& atime, const timespec& mtime);

/// Names ascending, Lockstep's own left out.
Outcome<std::vector<std::string>> attribute_names(const OpenObject& object);
/// ENODATA for Lockstep's own.
Outcome<std::string> attribute_value(const OpenObject& object, const std::string& name);
/// Names and values, by name ascending, Lockstep's own left out; the entry itself, never what a link leads to.
Outcome<std::vector<std::pair<std::string, std::string>>> attributes_of(int directory, const std::string& name);
Outcome<std::vector<std::pair<std::string, std::string>>> attributes_of(const OpenObject& object);
int set_attribute(const OpenObject& object, const std::string& name, const void* value, std::size_t size, int flags);
int remove_attribute(const OpenObject& object, const std::string& name);

Outcome<std::string> link_target(const OpenObject& symlink);

}  // namespace lockstep::linux_io
