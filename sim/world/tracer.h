// io::Trace of one machine.
#pragma once

#include "sim/world/observer.h"

namespace lockstep::sim {

class Tracer : public io::Trace {
 public:
  Tracer(Place place, Observer& observer) : place_(place), observer_(observer) {}
  void record(const io::TraceEvent& event) override { observer_.traced(place_, event); }

 private:
  Place place_;
  Observer& observer_;
};

}  // namespace lockstep::sim
