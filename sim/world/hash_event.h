// An event's contents, into the run hash.
#pragma once

#include "io/events.h"
#include "sim/hash.h"

namespace lockstep::sim {

void hash_event(RunHash& hash, const io::Event& event);

}  // namespace lockstep::sim
