// Readable lines of what happens, for the event log.
#pragma once

#include "io/events.h"
#include "io/trace.h"

#include <string>

namespace lockstep::sim {

std::string describe_event(const io::Event& event);
std::string describe_trace(const io::TraceEvent& event);

}  // namespace lockstep::sim
