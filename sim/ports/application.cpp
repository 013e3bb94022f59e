#include "sim/ports/application.h"

#include "engine/values/check.h"

namespace lockstep::sim {

namespace {
constexpr Time phase_max = 300 * one_ms;
constexpr Time long_phase_max = 4 * one_second;
constexpr Time flapping_life_max = 2 * one_second;
}  // namespace

SimApplication::SimApplication(Host& host, Random random)
    : host_(host),
      random_(random),
      conduct_random_(Random(random).next() ^ 0x6C62272E07BB0142ULL),
      kill_max_(healthy_kill_max) {}

void SimApplication::behave() {
  conduct_ = {};
  hung_ = flaps_ = false;
  kill_max_ = healthy_kill_max;
}

void SimApplication::run(Ticket ticket, io::Phase phase) {
  if (told_) told_(phase);
  started_ = false;
  if (phase == io::Phase::kill) return kill(ticket);
  if (phase == io::Phase::force_stop) {  // ends the stop that hangs
    ++generation_;
    running_ = false;
  }
  LOCKSTEP_CHECK(!running_, "one phase of the application runs at a time");
  running_ = true;
  if (phase == io::Phase::start) hung_ = false;
  if (phase == io::Phase::stop && hung_) return;
  if (phase == io::Phase::prestart || phase == io::Phase::start) alive_ = true;
  const Conduct conduct = conduct_[static_cast<std::size_t>(phase)];
  // An application that does not stop is a hanging phase like any other: it never ends by itself.
  if (phase == io::Phase::stop && random_.one_in(30)) return;
  Time length = random_.between(0, random_.one_in(10) ? long_phase_max : phase_max);
  if (conduct == Conduct::hangs) return;
  if (conduct == Conduct::slow) length = conduct_random_.between(0, slow_phase_max);
  const bool succeeds = conduct != Conduct::fails;
  host_.deliver(host_.now() + length, io::PhaseEnded{ticket, succeeds, succeeds ? "" : "exit status 1"},
                [this, phase, conduct, generation = generation_] {
                  if (generation != generation_) return false;
                  end(phase, conduct);
                  return true;
                });
}

void SimApplication::kill(Ticket ticket) {
  const std::uint64_t generation = ++generation_;
  host_.deliver(host_.now() + random_.between(0, kill_max_), io::PhaseEnded{ticket, true, {}}, [this, generation] {
    if (generation != generation_) return false;
    alive_ = false;
    hung_ = false;
    return true;
  });
  running_ = false;
}

void SimApplication::end(io::Phase phase, Conduct conduct) {
  running_ = false;
  if (phase == io::Phase::start) started_ = conduct != Conduct::fails;
  if (phase == io::Phase::start) pretends_ = conduct == Conduct::lies || !alive_;
  if (phase == io::Phase::start && conduct == Conduct::lies) alive_ = false;
  if (phase == io::Phase::start && flaps_) {
    host_.at(host_.now() + conduct_random_.between(0, flapping_life_max), [this, generation = generation_] {
      if (generation == generation_) die();
    });
  }
  const bool stops = conduct != Conduct::lies && conduct != Conduct::fails;
  const bool stopping = phase == io::Phase::stop || phase == io::Phase::force_stop;
  if (stopping && stops) alive_ = false;
}

void SimApplication::die() {
  if (!alive_) return;
  alive_ = false;
  hung_ = false;
  pretends_ = true;
  if (died_) died_();
}

void SimApplication::process_ended(bool kept) {
  ++generation_;
  running_ = false;
  if (kept) return;
  hung_ = false;
  alive_ = false;
  started_ = false;
}

}  // namespace lockstep::sim
