// I17: data that loses a conflict is kept aside and listed.
//
// A conflict arises where an administrator forces a node to be the primary, or a node becomes it in isolation
// (gone_alone.h): the other one may hold what that has not.
// Checks, when the other one is brought up to date for the first time after that: every object of its tree that is not
// as the forced node had it when it began to write, and not as the primary has it now, is owed to whoever wrote it. It
// must not be changed or removed before a copy of it, as it was, is on the disk beside the tree; when the resync ends
// every such copy is there; and all copies stay. So whatever was acknowledged in the lost history is covered, and also
// what was only applied. A resync may be cut short anywhere, and as often as it likes; no object is kept twice for
// that.
//
// A conflict also is where both nodes' versions of a file differ at one place of one history, and an administrator has
// the primary's taken for right. Checks that a repair overwrites contents (but such as the node's disk does not read)
// only where a copy of the file is kept under the repair's number.
//
// Checks as well that nothing is set aside where nobody was ever forced and nothing is repaired: a node that merely
// lags has nothing to keep. And whatever the cause of a resync: every operation that was promised to last is in the
// history that it brings. (One that begins anew, after the power loss of all or a forced election, has no older
// promises.)
//
// Of directories it looks at mode, owner and extended attributes. Does not look at objects that the other node only has
// under another name, nor at bytes that have rotted. What a power loss takes between two attempts is not owed any more.
// A disk that is exchanged for another one is not judged until the next forced election.
#pragma once

#include "sim/checkers/gone_alone.h"
#include "sim/checkers/history.h"

#include <array>
#include <map>
#include <set>
#include <vector>

namespace lockstep::sim {

class LosersDataIsKept : public Observer {
 public:
  LosersDataIsKept(World& world, History& history, const GoneAlone& alone)
      : world_(world), history_(history), alone_(alone) {}

  void delivering(Place to, const io::Event& event) override;
  void traced(Place by, const io::TraceEvent& event) override;
  void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
               bool replicated) override;
  /// Rots also between the beginning of a resync and the copy: then there is nothing to compare that with.
  void rotted(NodeId node, FileId file, std::uint64_t /*offset*/, std::uint64_t /*length*/) override {
    losers_[index_of(node)].owed.erase(file);
  }
  void disk_exchanged(Place place) override;
  void at_rest() override;

 private:
  struct Loser {
    bool diverged = false;  ///< and has not been brought up to date since
    Model forced_tree;      ///< of the other node, when it began to write
    bool judged = false;    ///< `owed` is known
    std::map<FileId, InodeState> owed;
    std::map<FileId, InodeState> kept;
    SimVolume::Kept kept_before;  ///< what was there when that was judged
  };

  void acknowledged(const io::RequestAcknowledged& event);
  void resync_begins(NodeId node, const io::ResyncBegan& event);
  void resync_ends(NodeId node);
  void forced();
  /// Takes off what is owed what is kept by now.
  void settle(NodeId node);
  void judge(NodeId node);
  void check_repair(NodeId node, const Operation& effect) const;
  void check_kept_once(NodeId node) const;
  [[nodiscard]] bool rotten(FileId id) const;
  [[nodiscard]] bool has_name(NodeId node, FileId id) const;
  [[nodiscard]] bool kept(NodeId node, FileId id, const InodeState& state) const;
  [[nodiscard]] const Filesystem& tree(NodeId node) const { return world_.node(node).volume().filesystem(); }

  World& world_;
  History& history_;
  const GoneAlone& alone_;
  std::array<Loser, 2> losers_;
  std::array<bool, 2> has_written_{true,
                                   true};  ///< or had a tree of its own, since a resync last made it the primary's
  bool force_commanded_ = false;
  bool repair_commanded_ = false;
  std::set<FileId> repairable_;  ///< contents that may be overwritten outside a resync: kept, or not readable
  std::uint64_t forced_ = 0;
  std::uint64_t beginnings_ = 0;
  std::vector<RequestId> promised_;
};

}  // namespace lockstep::sim
