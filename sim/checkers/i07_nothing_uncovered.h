// I7: hot + dirty cover every byte and name that differs, at every instant, crashes included.
//
// Checks, whenever what both nodes have listed *on disk* would be relied on (cover_together), that each difference of
// the two simulated trees is covered by the union of the two lists: bytes by region, sizes and attributes by object,
// names by directory; what is young by being reached from a listed directory. Looked at whole when a process or a
// machine ends, when a list gets shorter or what a node knows of the other changes on disk, and when a resync begins;
// and object by object, what is young aside, whenever a primary's volume has applied a request.
//
// Checks as well that a node that joins without being compared differs nowhere: whenever a replica resumes the stream,
// its volume must be exactly a tree of the history; where that is the newest, the two are compared byte by byte. And
// that the two parts of trees which a resync compares fit.
//
// Does not look at access times, nor at pages in which bytes have ever rotted, which nothing lists. Does not hold a
// disk that was exchanged against its owner before the owner has said what it makes of it, unless it is relied upon.
#pragma once

#include "engine/resync/common_ground.h"
#include "engine/resync/touch.h"
#include "sim/checkers/history.h"
#include "sim/violation.h"
#include "sim/world/observer.h"
#include "sim/world/world.h"

#include <array>
#include <optional>
#include <set>
#include <string>

namespace lockstep::sim {

class NothingUncovered : public Observer {
 public:
  NothingUncovered(World& world, History& history) : world_(world), history_(history) {}

  void traced(Place by, const io::TraceEvent& event) override;
  void stopped(Place place, bool power_lost) override;
  void touches_durable(NodeId node) override;
  void journal_durable(Place place, const Buffer& record) override;
  void disk_exchanged(Place place) override;
  void rotted(NodeId /*node*/, FileId file, std::uint64_t offset, std::uint64_t length) override {
    ever_rotten_.add(file, offset, length);
  }
  void applied(NodeId node, std::uint64_t sequence, const Operation& effect, io::Origin origin,
               bool replicated) override;

 private:
  using Reached = std::array<std::set<InodeNumber>, 2>;

  /// What both lists hold together, if they would be relied on.
  struct Union {
    std::set<engine::Touch> touches;
    Period young_from = 0;
  };
  [[nodiscard]] std::optional<Union> relied_on() const;
  const std::optional<Union>& both();

  void check_whole(const std::string& when, bool relied_upon = false);
  void check_object(FileId id, const std::string& when);
  [[nodiscard]] const Reached& reached();
  /// Empty, or what is not covered.
  std::string uncovered(FileId id);
  std::string uncovered_bytes(const Inode& a, const Inode& b);
  [[nodiscard]] bool listed(FileId id, engine::TouchKind kind, std::uint64_t offset = 0);
  [[nodiscard]] bool listed_at_all(FileId id);
  [[nodiscard]] bool covered_as_young(FileId id);
  [[nodiscard]] const Filesystem& tree(NodeId node) const { return world_.node(node).volume().filesystem(); }
  [[nodiscard]] const Inode* find(NodeId node, FileId id) const;

  void check_resumption(NodeId node);
  void compare(const Model& with, NodeId node, const Ranges& rotten, const std::string& who) const;

  World& world_;
  History& history_;
  Ranges ever_rotten_;  ///< on either node
  std::array<engine::CommonGround, 2> grounds_;
  std::array<std::size_t, 2> listed_bytes_{};
  std::array<bool, 2> exchanged_{};  ///< and its owner has not said anything of it yet
  bool known_ = false;               ///< `union_` is of the present lists
  std::optional<Union> union_;
  std::optional<Reached> reached_;
};

}  // namespace lockstep::sim
