// I9: resync ends within a bound while the application goes on writing.
//
// Checks that a node whose resync has begun is in sync within a stated time, counted from when the last fault is over
// (and had time to be noticed), under the load that goes on; and that while nothing is wrong no node begins a resync
// over and over without becoming a member.
//
// Does not check how much a resync copies, nor resyncs that a fault strikes meanwhile.
#pragma once

#include "sim/world/world.h"

#include <array>
#include <optional>

namespace lockstep::sim {

class ResyncEnds : public Observer {
 public:
  explicit ResyncEnds(World& world) : world_(world) {}

  void faulted(const Fault& fault) override;
  void healed() override;
  void traced(Place by, const io::TraceEvent& event) override;
  void stepped(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  struct Resync {
    std::optional<Time> began;
    std::uint32_t begun_in_quiet = 0;  ///< since it was last a member
  };

  World& world_;
  Time quiet_from_ = 0;  ///< nothing is wrong from then on, as far as is known
  std::array<Resync, 2> resyncs_;
};

}  // namespace lockstep::sim
