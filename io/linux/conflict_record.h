// What is known of an object that was set aside: one file beside its copy.
#pragma once

#include "engine/values/buffer.h"
#include "engine/values/conflict.h"
#include "engine/values/file_id.h"
#include "engine/values/operation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::linux_io {

struct ConflictRecord {
  std::string path;  ///< a name that led to it, from the replicated directory on, without a leading '/'
  FileId object;
  Conflict conflict;
  std::int64_t kept_at_ns = 0;  ///< since 1970, by the machine's wall clock
  Attributes attributes;        ///< every field valid, mode with its type bits
  std::string symlink_target;
  std::vector<std::pair<std::string, std::string>> xattrs;

  /// Names it among all that is kept: one for each conflict and object.
  [[nodiscard]] std::string key() const { return key_of(conflict.number, object); }
  static std::string key_of(std::uint64_t conflict, const FileId& object);

  bool operator==(const ConflictRecord&) const = default;
  static void fields(auto& self, auto& archive) {
    auto& a = self.attributes;
    archive(self.path, self.object, self.conflict, self.kept_at_ns, a.mask, a.mode, a.uid, a.gid, a.size_bytes,
            a.atime_ns, a.mtime_ns, a.rdev, self.symlink_target, self.xattrs);
  }
};

/// With a checksum.
Buffer encode(const ConflictRecord& record);
/// Nothing if the bytes are damaged, or of another version.
std::optional<ConflictRecord> decode_conflict(const Buffer& bytes);

}  // namespace lockstep::linux_io
