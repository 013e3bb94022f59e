// I8: resync never replaces newer with older.
//
// Checks, when the primary orders a region of a resync, that its bytes are those that the file has at that place of
// the stream: whatever was written before it in the stream is in it. That a replica applies the stream in order is
// checked elsewhere, so the region is right there too.
//
// Does not check regions that have ever rotted on a disk, un-noticed: nothing there shows which bytes are right, and a
// write may have reached the disk between the reading and this moment.
// Does not check attributes that a resync sets; the comparison when it ends does.
#pragma once

#include "sim/checkers/history.h"

namespace lockstep::sim {

class ResyncKeepsNewer : public Observer {
 public:
  ResyncKeepsNewer(World& /*world*/, History& history) : history_(history) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* ordered = std::get_if<io::OperationOrdered>(&event);
    if (ordered == nullptr || ordered->operation->kind != OperationKind::fill) return;
    if (!history_.begun() || history_.owner() != node_at(by)) return;
    const Operation& fill = *ordered->operation;
    if (history_.tip().find(fill.file) == nullptr) return;
    // Rotten bytes are read like any others, and are what both nodes hold from here on.
    if (ever_rotten_.touch(fill.file, fill.offset, fill.data.size())) return;
    const std::string now = history_.tip().region(fill.file, fill.offset, fill.data.size());
    if (now == fill.data.text()) return;
    throw Violation("I8", std::string(to_string(by)) + " orders a region of a resync, " + describe(fill) + " at " +
                              std::to_string(ordered->epoch.value) + ":" + std::to_string(ordered->lsn.value) +
                              ", with other bytes than the file has there");
  }

  void rotted(NodeId /*node*/, FileId file, std::uint64_t offset, std::uint64_t length) override {
    ever_rotten_.add(file, offset, length);
  }

 private:
  History& history_;
  Ranges ever_rotten_;  ///< on either node
};

}  // namespace lockstep::sim
