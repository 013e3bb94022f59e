// I17: data that loses a conflict is kept aside and listed.
//
// The engine has no conflicts yet: without a majority nobody writes, and a forced election says beforehand what it
// gives up. What holds today, and is checked: when a resync begins to overwrite a node, every operation that was
// promised to last is in the history that the resync brings. (A history that begins anew, after the power loss of all
// or a forced election, has no older promises.)
//
// Does not check what was applied but not promised. When the engine traces conflicts, what a resync replaces on a node
// that has more than the history is to be held here against what it kept aside and listed.
#pragma once

#include "sim/checkers/history.h"

#include <vector>

namespace lockstep::sim {

class NothingOverwritten : public Observer {
 public:
  NothingOverwritten(World& /*world*/, History& history) : history_(history) {}

  void traced(Place by, const io::TraceEvent& event) override {
    if (beginnings_ != history_.beginnings()) {
      beginnings_ = history_.beginnings();
      promised_.clear();
    }
    if (const auto* acknowledged = std::get_if<io::RequestAcknowledged>(&event)) {
      const auto entry = history_.find(acknowledged->request);
      if (entry && *entry < history_.guaranteed) promised_.push_back(acknowledged->request);
    } else if (std::holds_alternative<io::ResyncBegan>(event)) {
      for (const RequestId request : promised_) {
        if (history_.find(request)) continue;
        throw Violation("I17", "a resync overwrites " + std::string(to_string(by)) +
                                   " with a history without request " + std::to_string(request.value) +
                                   ", which was acknowledged");
      }
    }
  }

 private:
  History& history_;
  std::uint64_t beginnings_ = 0;
  std::vector<RequestId> promised_;
};

}  // namespace lockstep::sim
