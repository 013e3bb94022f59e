// I18: an event that the transition table does not know never happens.
//
// Checks that no role machine reports one. Does not check that every transition of the table happens: coverage does.
#pragma once

#include "sim/world/world.h"

namespace lockstep::sim {

class KnownTransitions : public Observer {
 public:
  explicit KnownTransitions(World& /*world*/) {}

  void traced(Place by, const io::TraceEvent& event) override {
    const auto* unknown = std::get_if<io::UnknownTransition>(&event);
    if (unknown == nullptr) return;
    throw Violation("I18", std::string(to_string(by)) + " in state " + std::string(unknown->state) + " was given " +
                               std::string(unknown->event) + ", which its table does not know");
  }
};

}  // namespace lockstep::sim
