// Finds objects of one filesystem by identity: through an index of all, with open descriptors for few.
#pragma once

#include "engine/values/file_id.h"
#include "io/linux/object_access.h"
#include "io/linux/object_index.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace lockstep::linux_io {

/// Used on one thread. Costs a descriptor for each object that is pinned or was used lately.
class ObjectTable {
 public:
  /// `mount`: a non-O_PATH descriptor of the filesystem, valid as long as the table.
  /// `descriptors_max` limits the descriptors kept for objects that are not pinned.
  ObjectTable(int mount, dev_t device, std::size_t descriptors_max, std::shared_ptr<ObjectIndex> index);

  struct Found {
    FileId id;
    ObjectHandle handle;
    struct stat status {};
  };
  /// The object at (directory, name), which gets an identity if it has none, or if the one it has belongs to
  /// another inode (a copy made with attributes). EXDEV: something else is mounted there.
  Outcome<Found> adopt(int directory, const std::string& name);

  /// The identities given from now on are of this period.
  void identify_in(Period period) { period_ = period; }
  [[nodiscard]] Period period() const { return period_; }
  /// How many objects adopt() has given an identity.
  [[nodiscard]] std::uint64_t identities_given() const { return identities_given_; }

  /// Somebody knows where an object was that is not known here. Whether it still is.
  bool recall(const FileId& id, const ObjectIndex::Place& place);
  /// Where it is, if that is known.
  [[nodiscard]] std::optional<ObjectIndex::Place> place_of(const FileId& id) const { return index_->find(id); }
  [[nodiscard]] bool knows(const FileId& id) const { return index_->find(id).has_value(); }
  /// S_IFMT bits; 0 if unknown.
  [[nodiscard]] mode_t type_of(const FileId& id) const;

  void insert(const FileId& id, const ObjectHandle& handle, mode_t type, OpenObjectPtr opened);
  /// The object has lost its last name, or this identity. While pinned it can still be opened.
  void erase(const FileId& id);

  /// Regular files readable and writable (read-only where the file is immutable), directories readable, anything
  /// else as O_PATH; never changes their access times. (Where the kernel has no name of a directory any more it looks
  /// for it in the parent, whose access time may move.) ENOENT: unknown or gone; EIO: the index cannot be read there.
  Outcome<OpenObjectPtr> open(const FileId& id);

  /// Whether an object was not where the index had it: it may be somewhere else.
  [[nodiscard]] bool was_led_astray() const { return led_astray_; }

  /// Keeps a descriptor open until the matching unpin(), so that the object outlives its last name. Counts.
  int pin(const FileId& id);
  /// As pin(), of an object that has no name any more and was opened by somebody before. EEXIST: it is open here.
  int pin_nameless(const FileId& id, mode_t type, OpenObjectPtr opened);
  void unpin(const FileId& id);

  void clear();

 private:
  using Place = ObjectIndex::Place;
  struct Opened {
    OpenObjectPtr object;
    mode_t type = 0;
    bool erased = false;  ///< and only kept because it is pinned
    std::uint32_t pins = 0;
    std::list<FileId>::iterator age;  ///< place in by_age_, while not pinned
  };

  Outcome<OpenObjectPtr> led_astray(const FileId& id);
  Outcome<OpenObjectPtr> open_object(const FileId& id, const Place& place);
  bool holds_identity(const ObjectHandle& handle, const FileId& id);
  void keep(const FileId& id, mode_t type, OpenObjectPtr object);
  void forget_oldest();

  Period period_ = 0;
  std::uint64_t identities_given_ = 0;
  int mount_;
  dev_t device_;
  std::size_t descriptors_max_;
  std::shared_ptr<ObjectIndex> index_;
  bool led_astray_ = false;
  std::unordered_map<FileId, Opened> opened_;
  std::list<FileId> by_age_;  ///< descriptors that may be closed; used last in front
};

}  // namespace lockstep::linux_io
