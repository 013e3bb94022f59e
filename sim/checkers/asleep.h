// When a node counts as asleep: what it did not do meanwhile is no fault of its engine.
#pragma once

#include "engine/values/time.h"

namespace lockstep::sim {

/// Between two steps; longer than any heartbeat interval.
inline constexpr Duration asleep = milliseconds(400);

}  // namespace lockstep::sim
