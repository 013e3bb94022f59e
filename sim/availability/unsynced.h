// How many acknowledged writes that were not fsynced are gone: what a durability mode may lose, not what it promises.
//
// Exact where a node takes over that lacks the end of the stream. Where both nodes have lost power, what the disks have
// kept by chance is not looked at: everything acknowledged since the last fsync counts as "at risk".
#pragma once

#include "sim/world/world.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>

namespace lockstep::sim {

class UnsyncedWrites : public Observer {
 public:
  /// Acknowledged, missing on the node that took over.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Acknowledged, not fsynced, when both nodes were without power.
  [[nodiscard]] std::uint64_t at_risk() const { return at_risk_; }

  void traced(Place by, const io::TraceEvent& event) override;
  void started(Place place) override;
  void stopped(Place place, bool power_lost) override;

 private:
  void took_over(NodeId node);

  Epoch epoch_;                    ///< of acknowledged_
  std::optional<NodeId> primary_;  ///< who acknowledged them
  std::set<Lsn> acknowledged_;     ///< writes in this epoch
  Lsn synced_;                     ///< everything up to here was made durable by an acknowledged fsync
  std::array<Lsn, 2> replicated_{};
  std::array<Epoch, 2> replicated_in_{};
  std::array<bool, 2> dark_{};
  std::uint64_t lost_ = 0;
  std::uint64_t at_risk_ = 0;
};

}  // namespace lockstep::sim
