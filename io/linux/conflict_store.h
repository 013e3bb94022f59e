// What was set aside, on disk: a hidden directory beside the replicated tree, on the same filesystem. Of each object a
// record, and of a regular file its contents.
#pragma once

#include "io/linux/conflict_record.h"
#include "io/linux/object_descriptor.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace lockstep::linux_io {

/// The directory's name in the root of the raw directory. Applications can neither see nor create it.
inline constexpr const char* conflicts_name = ".lockstep-conflicts";

/// Every record in such a directory, by path, without the damaged ones and those whose path leads out. `directory`:
/// open for reading.
std::vector<ConflictRecord> read_conflicts(int directory);
/// The kept contents of a regular file, open for reading; not valid: errno says why.
Descriptor open_kept(int directory, const ConflictRecord& record);

/// For any thread, several at once for different objects.
class ConflictStore {
 public:
  /// Opens (and makes) the directory in `root`, and removes copies that were cut short. 0 or an errno: EPERM if it is
  /// not root's alone (mode 0700); then nothing was removed.
  int open(int root);
  /// Ends what is being copied; nothing is kept any more.
  void stop() { stopped_ = true; }

  /// Copies `contents` (open for reading with a position of its own; not valid for what is no regular file), brings the
  /// copy and the record to disk, and counts them. What is kept under the same key stays as it is. 0 or an errno; then
  /// nothing new is listed. EBUSY: another thread is keeping it.
  int keep(const ConflictRecord& record, const Descriptor& contents);

  [[nodiscard]] std::vector<std::string> keys() const;
  /// Gives up what is kept under these keys. How many of them there were.
  std::size_t drop(const std::vector<std::string>& keys);

  struct Totals {
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;  ///< of contents, holes included
  };
  [[nodiscard]] Totals totals() const;

  /// Of the directory, valid as long as this object.
  [[nodiscard]] int directory() const { return directory_.fd(); }

 private:
  int keep_alone(const std::string& key, const ConflictRecord& record, const Descriptor& contents);
  void count(const std::string& key, std::uint64_t bytes);
  int write_contents(const std::string& key, const Descriptor& contents);
  int write_record(const std::string& key, const ConflictRecord& record);

  Descriptor directory_;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> kept_;  ///< bytes of contents by key
  std::set<std::string> being_kept_;           ///< keys, each by one thread
  Totals totals_;                              ///< of `kept_`
};

}  // namespace lockstep::linux_io
