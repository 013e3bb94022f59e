#include "sim/ports/application.h"

#include "engine/values/check.h"

namespace lockstep::sim {

namespace {
constexpr Time phase_max = 300 * one_ms;
constexpr Time long_phase_max = 4 * one_second;
constexpr Time kill_max = 30 * one_ms;
}  // namespace

void SimApplication::run(Ticket ticket, io::Phase phase) {
  if (phase == io::Phase::kill) {
    const std::uint64_t generation = ++generation_;
    host_.deliver(host_.now() + random_.between(0, kill_max), io::PhaseEnded{ticket, true, {}}, [this, generation] {
      if (generation != generation_) return false;
      alive_ = false;
      return true;
    });
    running_ = false;
    return;
  }
  LOCKSTEP_CHECK(!running_, "one phase of the application runs at a time");
  running_ = true;
  if (phase == io::Phase::prestart || phase == io::Phase::start) alive_ = true;
  // An application that does not stop is a hanging phase like any other: it never ends by itself.
  if (phase == io::Phase::stop && random_.one_in(30)) return;
  const Time longest = random_.one_in(10) ? long_phase_max : phase_max;
  host_.deliver(host_.now() + random_.between(0, longest), io::PhaseEnded{ticket, true, {}},
                [this, phase, generation = generation_] {
                  if (generation != generation_) return false;
                  running_ = false;
                  if (phase == io::Phase::stop) alive_ = false;
                  return true;
                });
}

void SimApplication::process_ended() {
  ++generation_;
  alive_ = false;
  running_ = false;
}

}  // namespace lockstep::sim
