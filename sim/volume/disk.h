// What of a simulated filesystem is on disk, and what a power loss leaves of the rest.
//
// The model is a journaling filesystem at its weakest:
// - names: changes reach the disk in order, each whole (a rename is never half there); a power loss keeps a prefix;
// - attributes of one object: those last synced, or the newest;
// - bytes: each 4 KiB page un-synced is old, new, or torn at 512-byte sectors;
// - fsync of a file makes its bytes and attributes durable, not its name; fsync of a directory makes its names
//   durable, and with them every earlier change of names; syncing everything makes everything durable;
// - a sync that fails makes nothing durable, and some of the pages that it had to write are taken for clean from then
//   on (Linux reports a failed write-back once): later syncs succeed without them, until somebody writes them anew.
#pragma once

#include "sim/random.h"
#include "sim/volume/filesystem.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lockstep::sim {

/// What of that which is not synced reaches the disk in a power loss.
struct Landing {
  enum class Contents : std::uint8_t { nothing, nothing_nor_identities, everything };
  std::size_t names = 0;  ///< the oldest so many changes of names
  Contents contents = Contents::nothing;
};

class Disk : public ChangeListener {
 public:
  /// A copy of what a sync call has to write, taken when the call is made.
  struct SyncPoint {
    struct Object {
      InodeNumber number;
      std::uint64_t sequence;
      InodeState state;
    };
    std::vector<Object> objects;
    std::uint64_t names_up_to = 0;
  };

  Disk();

  /// Every operation applied has a number; changes are marked with it.
  std::uint64_t begin_operation() { return ++sequence_; }

  void inode_created(InodeNumber number) override;
  void inode_will_change(InodeNumber number, const InodeState& before) override;
  void names_changed(std::vector<NameChange> changes) override;

  /// `file` none: everything. A file that does not exist gives an empty point.
  [[nodiscard]] SyncPoint sync_point(const Filesystem& filesystem, FileId file) const;
  void commit(SyncPoint point);
  /// The sync has failed.
  void drop(const SyncPoint& point, Random& random);

  /// Whether the effect of operation `sequence` on the object (or on names) would survive a power loss now.
  [[nodiscard]] bool contents_durable(InodeNumber number, std::uint64_t sequence) const;
  [[nodiscard]] bool names_durable(std::uint64_t sequence) const;

  /// Whether all of the object is on disk as it is in memory.
  [[nodiscard]] bool clean(InodeNumber number) const { return !unsynced_.contains(number); }

  void lose_power(Filesystem& filesystem, Random& random);
  /// The same with everything decided.
  void lose_power(Filesystem& filesystem, const Landing& landing);
  /// Every landing that makes a difference now, torn pages and mixtures of objects left out.
  [[nodiscard]] std::vector<Landing> landings() const;

  /// All that the filesystem holds is on disk.
  void begin_anew(const Filesystem& filesystem);

  /// Every object that a name on disk leads to, or may yet lead to.
  [[nodiscard]] std::set<InodeNumber> named_on_disk() const;

 private:
  struct Unsynced {
    std::optional<InodeState> on_disk;  ///< nothing: the object is new
    std::uint64_t on_disk_sequence = 0;
    std::uint64_t last_change = 0;
    std::map<std::size_t, std::shared_ptr<const Content::Page>> dropped;  ///< taken for clean, by index
    std::uint64_t dropped_after = 0;  ///< with pages dropped: what was on disk before the first of them
  };
  struct Logged {
    std::uint64_t sequence;
    std::vector<NameChange> changes;
  };

  using Survivor = std::function<InodeState(const Unsynced& unsynced, const InodeState& in_memory)>;
  void keep(Filesystem& filesystem, std::size_t names, const Survivor& survivor);
  void commit_names(std::uint64_t up_to);

  std::uint64_t sequence_ = 0;
  std::map<InodeNumber, Unsynced> unsynced_;
  std::deque<Logged> log_;
  std::map<InodeNumber, std::map<std::string, InodeNumber>> names_on_disk_;
};

}  // namespace lockstep::sim
