// Where the objects of a filesystem are to be found, kept on that filesystem.
#pragma once

#include "engine/values/file_id.h"
#include "io/linux/object_access.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unordered_map>

namespace leveldb {
class Cache;
class DB;
class Env;
class FilterPolicy;
}  // namespace leveldb

namespace lockstep::linux_io {

/// The name of the index in its directory.
inline constexpr const char* index_name = "objects";

/// A handle for every identity, so that a start need not look at every object. Changes stay in memory until they are
/// written to a LevelDB, which takes about 50 bytes of disk for each object and no memory.
///
/// It may be late, and need not be synced for its own sake: an object whose record a crash has taken got its name
/// after the last sync of the whole filesystem before which write_out() was called, and is found by that name. Nor is
/// it believed: who opens an object looks whether it has the identity.
///
/// Where the disk is full or refuses, what comes stays in memory from then on, and the next start finds no index.
class ObjectIndex {
 public:
  struct Place {
    ObjectHandle handle;
    mode_t type = 0;  ///< S_IFMT bits
  };

  ObjectIndex();
  ~ObjectIndex();
  ObjectIndex(const ObjectIndex&) = delete;
  ObjectIndex& operator=(const ObjectIndex&) = delete;

  // On the loop's thread.

  /// At most once. `directory`: on the filesystem of the objects. What was kept for another `tree` or in another
  /// directory (a copy) is thrown away. Without this call, or if it fails, all stays in memory.
  void open(int directory, std::uint64_t tree);

  [[nodiscard]] std::optional<Place> find(const FileId& id);
  void put(const FileId& id, const Place& place) { changes_[id] = place; }
  void erase(const FileId& id);

  /// Whether what is not found here does not exist, or got its name as described above. May change with find().
  [[nodiscard]] bool complete() const { return complete_; }
  /// Every object of the tree has been put.
  void set_complete() { complete_ = true; }

  /// Whether there is much to write.
  [[nodiscard]] bool swells() const;
  /// The next write_out() includes all changes made until now.
  void hand_over();

  // On any thread.

  struct Written {
    int error = 0;       ///< an errno: the next start would believe an index that is not true
    bool every = false;  ///< every object has been written
  };
  Written write_out();
  /// When the filesystem has been synced since that write_out(), if every object had been written.
  void mark_complete();
  /// When that sync has failed: nobody knows what the disk has.
  void distrust();
  /// Writes what was handed over, and waits for the disk. Nothing but the end of the index may follow.
  void close();

 private:
  using Changes = std::unordered_map<FileId, std::optional<Place>>;
  struct Batch {
    Changes changes;
    bool completes = false;  ///< together with those before it
  };

  bool open_database(const std::string& path, const std::string& origin);
  std::optional<Place> find_beneath(const FileId& id);
  std::optional<Place> find_on_disk(const FileId& id);
  void write_batches();
  bool write(const Changes& changes);
  int discard();

  Changes changes_;  ///< not yet handed over
  bool complete_ = false;
  bool told_complete_ = false;  ///< to who writes
  bool readable_ = false;
  bool damaged_ = false;  ///< some of it cannot be read; the next walk puts that anew

  std::mutex handed_over_mutex_;
  std::deque<std::shared_ptr<const Batch>> handed_over_;  ///< the oldest in front; found here until written
  std::atomic<std::size_t> batches_ = 0;                  ///< of them

  std::mutex writing_;  ///< guards what follows, but for find()
  Descriptor directory_;
  std::unique_ptr<leveldb::Env> environment_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> database_;  ///< goes before what it uses
  std::atomic<bool> writable_ = false;     ///< once given up, it stays so
  bool discarded_ = false;                 ///< then the next start finds none
  bool completed_ = false;                 ///< what has been written includes every object
  bool marked_ = false;                    ///< and the disk says so
};

}  // namespace lockstep::linux_io
