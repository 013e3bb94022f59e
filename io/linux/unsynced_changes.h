// What a volume has changed since its last sync of everything: where that is nothing but the contents of few files,
// bringing these to the disk brings everything there, and costs a fraction.
#pragma once

#include "engine/values/operation.h"
#include "io/linux/object_access.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
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
  /// A sync has failed: nobody knows of what, and what is under way is not believed.
  void failed();
  /// Nothing has changed but the contents of the files(). (Their modification times do not count.)
  [[nodiscard]] bool few_contents() const { return anything_ == 0; }
  [[nodiscard]] std::vector<std::pair<FileId, OpenObjectPtr>> files() const;
  void clear() { contents_.clear(); }

 private:
  std::uint64_t now_ = 1;
  std::uint64_t anything_ = 1;  ///< when something else than contents changed last; 0: it is on the disk
  std::uint64_t failed_ = 0;    ///< what began before that covers nothing
  struct Changed {
    std::uint64_t at;  ///< last
    OpenObjectPtr file;
  };
  std::unordered_map<FileId, Changed> contents_;
};

}  // namespace lockstep::linux_io
