// I14: bytes that fail their checksum are neither sent on nor served; a good copy repairs them.
//
// Checks of every frame that was damaged on its way that the engine that gets it gives the connection up in that very
// step: the frame is no message to anybody, and what was in flight with it is lost with the connection, to be sent
// again over the next one.
//
// Does not check bytes that rot at rest: what finds those is a verify (i14_verify_is_right). Does not check the
// journal's checksums: those are io/linux/journal_format's, with tests of their own; here a journal is readable or not.
#pragma once

#include "sim/world/world.h"

#include <array>
#include <optional>

namespace lockstep::sim {

class DamageIsRefused : public Observer {
 public:
  explicit DamageIsRefused(World& /*world*/) {}

  void frame_damaged(Place to, io::Endpoint from) override { damaged_[index_of(to)] = from; }
  void gave_up(Place place, io::Endpoint connection) override {
    if (damaged_[index_of(place)] == connection) damaged_[index_of(place)].reset();
  }
  void stepped(Place place) override {
    if (!damaged_[index_of(place)]) return;
    throw Violation("I14", std::string(to_string(place)) + " took a frame that was damaged on its way for a message");
  }

 private:
  std::array<std::optional<io::Endpoint>, 3> damaged_;
};

}  // namespace lockstep::sim
