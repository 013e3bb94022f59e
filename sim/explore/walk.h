// Walks every run of one history: with each fault that leads to a world of its own (sim/explore/plan.h), and, without a
// fault, in each order of simultaneous deliveries. Orders in which something overtakes what was due clearly earlier are
// walked up to a number of such overtakings.
#pragma once

#include "sim/explore/short_history.h"
#include "sim/violation.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace lockstep::sim {

struct WalkTally {
  std::uint64_t histories = 0;
  std::uint64_t boundaries = 0;
  std::uint64_t faults = 0;          ///< possible faults at all boundaries
  std::uint64_t faulted_states = 0;  ///< different worlds that they lead to: each is walked
  std::uint64_t orders = 0;          ///< runs in another order, without fault
  std::uint64_t runs = 0;
  std::uint64_t violations = 0;
  std::uint64_t incomplete = 0;  ///< histories of which a limit left orders out

  void add(const WalkTally& other);
};

/// One run that broke an invariant; `id` replays it.
struct Finding {
  std::string id;
  Violation violation;
};
/// False ends the walk.
using OnFinding = std::function<bool(const Finding& finding)>;

struct WalkLimits {
  std::size_t overtakings_max = 1;  ///< in one order that is more than one of simultaneous deliveries
  std::uint64_t orders_max = 10'000;
};

/// False if `report` ended it.
bool walk(const ShortHistory& history, const WalkLimits& limits, WalkTally& tally, const OnFinding& report);

/// Runs the run that `id` names once more. Throws std::invalid_argument if it names none.
std::optional<Violation> replay(std::string_view id, std::ostream* log);

}  // namespace lockstep::sim
