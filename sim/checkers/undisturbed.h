// Undisturbed: while nothing fails and nobody commands anything, no member is ever left out.
//
// Checks every decided configuration of runs without faults. Does not check runs with faults: there leaving a node
// out may be right, and the other checkers judge what follows from it.
#pragma once

#include "sim/world/world.h"

namespace lockstep::sim {

class Undisturbed : public Observer {
 public:
  explicit Undisturbed(World& world) : world_(world) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* decided = std::get_if<io::ConfigurationDecided>(&event);
    if (decided == nullptr || world_.scenario().disturbed) return;
    const Configuration& configuration = decided->configuration;
    if (configuration.members == Members::both()) in_sync_ = true;
    if (in_sync_ && configuration.members != Members::both()) {
      throw Violation("I9", std::string(to_string(by)) + " learned of " + describe(configuration) +
                                " although nothing has failed: a node was left out without a reason");
    }
  }

 private:
  World& world_;
  bool in_sync_ = false;
};

}  // namespace lockstep::sim
