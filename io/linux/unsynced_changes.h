// What a volume has changed since its last sync of everything: where that is nothing but the contents of few files,
// bringing these to the disk brings everything there, and costs a fraction.
#pragma once

#include "engine/values/operation.h"
#include "io/linux/object_access.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace lockstep::linux_io {

/// Of more files a sync of the whole filesystem is not slower.
inline constexpr std::size_t unsynced_files_max = 8;

/// Passive; on the loop's thread. At first nothing is known, which is more than few files. Changed files stay open
/// until they are synced: the kernel tells of a write-back that failed only whoever had the file open then.
class UnsyncedChanges {
 public:
  using Open = std::function<OpenObjectPtr(const FileId& file)>;

  /// Whether or not it has succeeded: what failed may have changed something. `open` gives what the change was made
  /// through, or null.
  void changed(const Operation& operation, const Open& open);
  /// What a sync that begins now covers.
  [[nodiscard]] std::uint64_t now() const { return now_; }
  /// A sync that began at `covered` has brought what was changed before to the disk: of `file`, or everything (none).
  void synced(const FileId& file, std::uint64_t covered);
  /// The files whose contents have changed, if nothing else has and they are few. (Their modification times do not
  /// count.)
  [[nodiscard]] std::optional<std::vector<FileId>> files() const;

 private:
  std::uint64_t now_ = 1;
  std::uint64_t anything_ = 1;  ///< when something else than contents changed last; 0: it is on the disk
  std::unordered_map<FileId, std::uint64_t> contents_;  ///< when each file's were changed last
};

}  // namespace lockstep::linux_io
