// Scenarios a step smaller than a given one, the boldest first. Each of these is one direction to shrink in.
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

#include <rapidcheck.h>

namespace lockstep::sim {

// What comes after the violation that ended a run does not matter. Without it the run stays the same.

/// Without faults and time after the end of the run that gave `result`.
Scenario without_later_faults(Scenario scenario, const RunResult& result);
/// No user asks for anything after the last turn that it took in the run that gave `result`.
Scenario without_later_turns(Scenario scenario, const RunResult& result);

rc::Seq<Scenario> with_fewer_faults(const Scenario& scenario);
/// Shorter, fewer users, nothing on the disks at the beginning.
rc::Seq<Scenario> with_less_load(const Scenario& scenario);
/// Shorter troubles, earlier and at rounder times.
rc::Seq<Scenario> with_simpler_faults(const Scenario& scenario);
/// Only for what without_later_turns() gave: every user stops asking somewhere.
rc::Seq<Scenario> with_fewer_operations(const Scenario& scenario);

}  // namespace lockstep::sim
