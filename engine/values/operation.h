// Operations on the replicated tree: what the application asks for, what the stream carries, what a volume applies.
#pragma once

#include "engine/values/buffer.h"
#include "engine/values/file_id.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

enum class OperationKind : std::uint8_t {
  create = 1,          ///< parent, name, attributes.mode (with type), uid, gid, rdev; data = symlink target; resync
                       ///< only: attributes.size_bytes of a regular file, which is a hole then
  link = 2,            ///< file gets the further name (parent, name)
  unlink = 3,          ///< removes (parent, name); flag remove_directory for rmdir
  rename = 4,          ///< (parent, name) to (new_parent, new_name); flags no_replace, exchange; resent with exchange:
                       ///< file = what had the first name when it was asked for first
  write = 5,           ///< file, offset, data
  set_attributes = 6,  ///< file, attributes as far as attributes.mask says; size truncates or extends
  allocate = 7,        ///< file, offset, length, flags: fallocate(2) with keep_size, punch_hole, zero_range
  set_xattr = 8,       ///< file, name, data; flags xattr_create, xattr_replace
  remove_xattr = 9,    ///< file, name
  sync = 10,           ///< fsync of file (flag data_only: fdatasync); file none = everything on the volume
  identify = 11,       ///< resync only: the object at (parent, name) takes the identity `file`
  fill = 12,           ///< resync only: a write that brings a differing region up to date, times untouched
  filled = 13,         ///< resync only: every region of one pull has been answered; length echoes its ticket
};

enum OperationFlag : std::uint32_t {
  flag_remove_directory = 1U << 0U,
  flag_no_replace = 1U << 1U,
  flag_exchange = 1U << 2U,
  flag_keep_size = 1U << 3U,
  flag_punch_hole = 1U << 4U,
  flag_zero_range = 1U << 5U,
  flag_xattr_create = 1U << 6U,
  flag_xattr_replace = 1U << 7U,
  flag_data_only = 1U << 8U,
  flag_resent =
      1U << 9U,  ///< requests only: an earlier life of this process was asked already, and may have applied it
};

enum AttributeMask : std::uint32_t {
  attribute_mode = 1U << 0U,
  attribute_uid = 1U << 1U,
  attribute_gid = 1U << 2U,
  attribute_size = 1U << 3U,
  attribute_atime = 1U << 4U,
  attribute_mtime = 1U << 5U,
  attribute_atime_now = 1U << 6U,  ///< requests only: the volume puts its time in and reports it in the effect
  attribute_mtime_now = 1U << 7U,
};

struct Attributes {
  std::uint32_t mask = 0;  ///< AttributeMask: which of the fields count
  std::uint32_t mode = 0;  ///< permission bits; with the type bits (S_IFMT, Linux values) in create
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t atime_ns = 0;  ///< nanoseconds since 1970
  std::int64_t mtime_ns = 0;
  std::uint64_t rdev = 0;  ///< create of a device node only

  /// By the type bits of `mode`, where it has them.
  [[nodiscard]] constexpr std::uint32_t type() const { return mode & 0170000U; }
  [[nodiscard]] constexpr bool is_directory() const { return type() == 0040000U; }
  [[nodiscard]] constexpr bool is_regular() const { return type() == 0100000U; }
  [[nodiscard]] constexpr bool is_symlink() const { return type() == 0120000U; }

  bool operator==(const Attributes&) const = default;
};

/// One operation. Fields that a kind does not name are left empty.
///
/// A volume answers a request with its *effect*: the operation that, applied to an equal tree, gives an equal
/// tree again, with everything decided that the request left open (identity, times, count of bytes written).
/// Only effects go into the stream.
struct Operation {
  OperationKind kind{};
  std::uint32_t flags = 0;  ///< OperationFlag
  FileId file{};
  FileId parent{};
  FileId new_parent{};
  std::string name{};  ///< any bytes but '/' and NUL; an attribute's name for set_xattr and remove_xattr
  std::string new_name{};
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  Attributes attributes{};           ///< in an effect also: the file's own times and mode afterwards, as far as masked
  std::int64_t parent_mtime_ns = 0;  ///< effect of a namespace operation: the parent's mtime afterwards
  std::int64_t new_parent_mtime_ns = 0;
  Buffer data{};

  bool operator==(const Operation&) const = default;
};

std::string_view to_string(OperationKind kind);
/// Whether the operation changes names rather than the contents of one file.
bool changes_namespace(OperationKind kind);
/// One line for logs and timelines; payloads as lengths.
std::string describe(const Operation& operation);

}  // namespace lockstep
