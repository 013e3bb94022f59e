// What happened, as the checkers keep it: the ordered operations since a known tree, and where each node stands.
//
// There is one branch at a time: the stream of whoever became writable last, continued from what its volume held
// then. Operations that an older primary orders afterwards belong to no branch and must never be acknowledged.
#pragma once

#include "sim/model/compare.h"
#include "sim/model/model.h"
#include "sim/world/world.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace lockstep::sim {

struct HistoryEntry {
  Epoch epoch;
  Lsn lsn;  ///< 0: applied by a primary that ended before it could order it
  RequestId request;
  Operation operation;
  std::array<std::uint64_t, 2> sequence{};  ///< number of the operation at each node's volume; 0: not known
  bool on_disk = false;                     ///< promised to be on the disks of all members
};

/// Whether two operations do the same; fields that the attribute mask leaves out do not count.
bool same_operation(const Operation& a, const Operation& b);

class History : public Observer {
 public:
  explicit History(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
               bool replicated) override;
  void rotted(NodeId node, FileId file, std::uint64_t offset, std::uint64_t length) override;
  void delivering(Place to, const io::Event& event) override;
  void stopped(Place place, bool power_lost) override;

  [[nodiscard]] bool begun() const { return owner_.has_value(); }
  [[nodiscard]] NodeId owner() const { return *owner_; }
  [[nodiscard]] const std::vector<HistoryEntry>& entries() const { return entries_; }
  [[nodiscard]] const Model& tip() const { return tip_; }
  /// Where the present branch was continued from an earlier one.
  [[nodiscard]] Epoch branch_epoch() const { return branch_epoch_; }
  /// The entry of a request in the present branch.
  [[nodiscard]] std::optional<std::size_t> find(RequestId request) const;
  /// The tree after the first so many entries.
  [[nodiscard]] Model tree_after(std::size_t count) const;
  /// How many entries have a position up to `lsn`.
  [[nodiscard]] std::size_t count_up_to(Lsn lsn) const;

  /// How many of the entries a volume holds, at least `least`: nothing if it is not exactly the tree after some of
  /// them. `with_unordered`: its own operations that were not ordered may follow the last of them, and then are
  /// made entries.
  struct Position {
    std::size_t least;  ///< entries from here on to `most` change nothing: the volume may hold them or not
    std::size_t most;
  };
  std::optional<Position> position_of(NodeId node, std::size_t least, bool with_unordered);

  /// How often what was promised before has ceased to count: by a new beginning, or because somebody gave it up.
  [[nodiscard]] std::uint64_t beginnings() const { return beginnings_; }
  void give_up();
  /// How often an administrator's force has begun a new branch: of the node that has become its owner.
  [[nodiscard]] std::uint64_t forced_beginnings() const { return forced_beginnings_; }
  void begun_by_force() { ++forced_beginnings_; }
  /// Takes `node`'s tree as a new beginning. Whether its disk is known to hold that tree.
  void begin_anew(NodeId node, Epoch epoch, bool on_disk);
  [[nodiscard]] bool base_on_disk() const { return base_on_disk_; }
  /// `node` goes on by itself, beside the branch, also if it was the last to continue it.
  void leave_behind(NodeId node) {
    replica(node).following = false;
    replica(node).why_not = "goes on by itself";
    owner_left_behind_ = owner_left_behind_ || owner_ == node;
  }
  /// `node` continues the branch from `position`, from `epoch` on.
  void continue_from(NodeId node, Position position, Epoch epoch);

  /// What a node's disk holds in place of what was written: nothing that the engine could have noticed, so nothing that
  /// it is held against. Bytes that are written anew are as good as any, until a loss of power may take them back.
  [[nodiscard]] const Ranges& rotten(NodeId node) const { return rotten_[index_of(node)]; }

  // What was promised.
  std::size_t guaranteed = 0;                 ///< this many entries are in every later writable state
  std::map<FileId, std::size_t> file_synced;  ///< a file's own fsync: what this many entries made of it is on disk

  /// Where a node stands while it is no primary.
  struct Replica {
    bool following = false;  ///< its volume holds exactly the first `position` entries, syncs not counted
    std::size_t position = 0;
    std::size_t position_least = 0;  ///< of what changes nothing, this or more
    std::size_t resynced_to = 0;     ///< its last resync put this many entries on its disk
    bool resyncing = false;
    bool power_lost = false;            ///< since it last was known to hold everything
    bool sync_failed = false;           ///< the same: its disk may not have what its volume reads
    std::string why_not;                ///< why it stopped following
    std::uint64_t resyncing_since = 0;  ///< beginnings() when its resync began
    Epoch resyncing_in;                 ///< branch_epoch() then
  };
  [[nodiscard]] Replica& replica(NodeId node) { return replicas_[index_of(node)]; }
  /// Objects that were changed after the first `from` entries, or on `node` without being ordered; changes that are
  /// promised to be on disk do not count if `unless_on_disk`.
  [[nodiscard]] std::set<FileId> touched(NodeId node, std::size_t from, bool unless_on_disk) const;
  void promise_on_disk(std::size_t index) { entries_[index].on_disk = true; }
  /// The first so many entries, and what was there before them.
  void promise_all_on_disk(std::size_t count);

 private:
  struct Unordered {
    std::uint64_t sequence;
    Operation effect;
  };

  void order(NodeId node, const io::OperationOrdered& ordered);
  void follow(NodeId node, std::uint64_t sequence, const Operation& effect);
  void append(HistoryEntry entry);
  void owns(NodeId node);

  World& world_;
  std::optional<NodeId> owner_;
  bool owner_left_behind_ = false;
  std::uint64_t beginnings_ = 0;
  std::uint64_t forced_beginnings_ = 0;
  bool base_on_disk_ = true;
  std::array<Ranges, 2> rotten_;
  std::array<Ranges, 2> ever_rotten_;  ///< the same with what was written over since
  std::array<Ranges, 2> rot_to_copy_;  ///< what the other node had during this one's resync
  Epoch last_epoch_;
  Epoch branch_epoch_;
  Model base_;
  Model tip_;
  std::vector<HistoryEntry> entries_;
  std::map<RequestId, std::size_t> by_request_;
  std::array<std::deque<Unordered>, 2> unordered_;
  std::array<Replica, 2> replicas_;
};

}  // namespace lockstep::sim
