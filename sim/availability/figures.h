// What failures of one kind have cost, over many runs: a value that adds up, in any order.
#pragma once

#include "sim/availability/availability.h"
#include "sim/availability/unsynced.h"

#include <cstdint>
#include <map>
#include <string>

namespace lockstep::sim {

struct FailureFigures {
  std::uint64_t failures = 0;
  /// How often the service was down for so many milliseconds because of one failure; 0: not at all.
  std::map<std::uint64_t, std::uint64_t> down_ms;
  std::uint64_t unrecovered = 0;  ///< it was still down in the end: somebody has to help
  std::uint64_t losses = 0;       ///< un-fsynced acknowledged writes were lost
  std::uint64_t lost_max = 0;     ///< so many at once
  std::uint64_t risks = 0;        ///< un-fsynced acknowledged writes were on no server with power
  std::uint64_t at_risk_max = 0;  ///< so many at once
  std::uint64_t worst_seed = 0;   ///< with the longest time down
  std::string worst;              ///< what that time consisted of

  void add(const FailureFigures& other);
  void add_unsynced(const UnsyncedWrites& writes);
  /// The time down that so many percent of the failures do not exceed.
  [[nodiscard]] std::uint64_t percentile_ms(unsigned percent) const;
  [[nodiscard]] std::uint64_t worst_ms() const { return down_ms.empty() ? 0 : down_ms.rbegin()->first; }
  [[nodiscard]] std::uint64_t total_ms() const;
};

/// By name of the failure.
using AvailabilityFigures = std::map<std::string, FailureFigures>;

/// Of one failure.
FailureFigures figures_of(std::uint64_t seed, const std::vector<Downtime>& downtimes, const engine::Settings& settings);

}  // namespace lockstep::sim
