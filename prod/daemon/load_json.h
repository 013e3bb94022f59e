// What the application asks of a module and how fast it is answered, for `lockstep top` and scripts.
#pragma once

#include "prod/metrics/module_counters.h"

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// Everything counts from the daemon's start; who wants rates asks twice. `bounds_seconds` are the upper bounds of the
/// `latency` counts, which has one more, for what took longer.
boost::json::object load_json(const ModuleCounters& counters);

}  // namespace lockstep::prod
