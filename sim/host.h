// What a simulated port sees of the machine it belongs to.
#pragma once

#include "engine/values/time.h"
#include "io/events.h"
#include "sim/random.h"
#include "sim/scheduler.h"

#include <functional>

namespace lockstep::sim {

class Host {
 public:
  virtual ~Host() = default;
  [[nodiscard]] virtual Time now() const = 0;
  /// The machine's own monotonic clock, which drifts.
  [[nodiscard]] virtual Instant local_now() const = 0;
  /// The earliest true time at which the machine's clock shows `instant`.
  [[nodiscard]] virtual Time true_time(Instant instant) const = 0;
  virtual Random& random() = 0;
  /// Runs `action` at `when`, unless this life of the process ends before.
  virtual void at(Time when, std::function<void()> action) = 0;
  /// Gives the engine an event at `when` (later, if the process is paused then), if `still_valid` holds when it
  /// is delivered.
  virtual void deliver(Time when, io::Event event, std::function<bool()> still_valid = {}) = 0;
};

}  // namespace lockstep::sim
