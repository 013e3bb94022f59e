// I11: after heal the nodes are equal in names, bytes and metadata, and equal to a model replayed from history.
//
// Checks at rest that both volumes are exactly the tree that the model has after every ordered operation: names,
// identities, types, modes, owners, modification times, symlink targets, extended attributes, bytes. (That a replica
// is equal when its resync ends is checked by History.)
//
// Does not compare bytes that have rotted on a node's disk since they were written there last: only a verify shows
// them (i14_verify_is_right). Does not compare access times: reads are answered locally and not
// replicated.
#pragma once

#include "sim/checkers/history.h"

namespace lockstep::sim {

class EqualAtRest : public Observer {
 public:
  EqualAtRest(World& world, History& history) : world_(world), history_(history) {}

  void at_rest() override {
    if (!history_.begun()) throw Violation("I11", "at rest, but nobody was ever writable");
    for (const NodeId node : every_node) {
      const std::string text =
          difference(history_.tip(), world_.node(node).volume().filesystem(), history_.rotten(node));
      if (!text.empty()) throw Violation("I11", std::string(to_string(node)) + " differs at rest: " + text);
    }
  }

 private:
  World& world_;
  History& history_;
};

}  // namespace lockstep::sim
