// I7: hot + dirty cover every byte and name that differs, at every instant, crashes included.
//
// The engine keeps no hot or dirty sets yet: a node that returns is compared as a whole, which covers everything. What
// holds today, and is checked: a node that joins without being compared differs nowhere. Whenever a replica resumes the
// stream, its volume must be exactly a tree of the history (History has followed every operation that it applied);
// where that is the newest, the two are compared byte by byte.
//
// Does not check who takes over: the checker of I1 compares the whole tree then. When the engine traces what it marks,
// the marks of both nodes are to be held here against the difference of the volumes.
#pragma once

#include "sim/checkers/history.h"

namespace lockstep::sim {

class NothingUncovered : public Observer {
 public:
  NothingUncovered(World& world, History& history) : world_(world), history_(history) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* change = std::get_if<io::RoleChanged>(&event);
    if (change == nullptr || change->event != "StreamResumed") return;
    const NodeId node = node_at(by);
    const std::string who = std::string(to_string(node)) + " resumes the stream without a resync, but ";
    if (history_.begun() && history_.owner() == node) return compare_with_successor(node, who);
    const History::Replica& here = history_.replica(node);
    if (!here.following) throw Violation("I7", who + "its tree is none of the history's: it " + here.why_not);
    if (here.position_least < history_.entries().size()) return;
    compare(history_.tip(), node, who);
  }

 private:
  // Handed over, and resumed before the successor has begun to write: the two must be equal.
  void compare_with_successor(NodeId node, const std::string& who) const {
    compare(import_tree(world_.node(other(node)).volume().filesystem()), node, who);
  }
  void compare(const Model& with, NodeId node, const std::string& who) const {
    const std::string text = difference(with, world_.node(node).volume().filesystem(), history_.rotten(node));
    if (!text.empty()) throw Violation("I7", who + "differs: " + text);
  }

  World& world_;
  History& history_;
};

}  // namespace lockstep::sim
