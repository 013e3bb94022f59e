// io::Timers on a machine's drifting clock. A timer is never early and now and then a little late.
#pragma once

#include "io/timers.h"
#include "sim/host.h"

#include <array>

namespace lockstep::sim {

class SimTimers : public io::Timers {
 public:
  SimTimers(Host& host, Random random) : host_(host), random_(random) {}

  void arm(io::TimerId timer, Instant deadline) override {
    Slot& slot = slots_[static_cast<std::size_t>(timer)];
    slot.armed = true;
    const std::uint64_t generation = ++slot.generation;
    const Time lateness = random_.one_in(20) ? random_.between(0, 20 * one_ms) : random_.between(0, one_ms);
    expect(timer, deadline, lateness, generation);
  }

  void cancel(io::TimerId timer) override { slots_[static_cast<std::size_t>(timer)].armed = false; }

  /// The numbers of the life that begins.
  void draw_from(Random random) { random_ = random; }
  [[nodiscard]] bool armed(io::TimerId timer) const { return slots_[static_cast<std::size_t>(timer)].armed; }
  void process_ended() {
    for (Slot& slot : slots_) slot.armed = false;
  }

 private:
  void expect(io::TimerId timer, Instant deadline, Time lateness, std::uint64_t generation) {
    Slot& slot = slots_[static_cast<std::size_t>(timer)];
    host_.deliver(host_.true_time(deadline) + lateness, io::TimerFired{timer},
                  [this, timer, deadline, lateness, &slot, generation] {
                    if (!slot.armed || slot.generation != generation) return false;
                    if (host_.local_now() < deadline) {  // the clock stood still meanwhile
                      expect(timer, deadline, lateness, generation);
                      return false;
                    }
                    slot.armed = false;
                    return true;
                  });
  }

  struct Slot {
    bool armed = false;
    std::uint64_t generation = 0;
  };

  Host& host_;
  Random random_;
  std::array<Slot, static_cast<std::size_t>(io::TimerId::count)> slots_{};
};

}  // namespace lockstep::sim
