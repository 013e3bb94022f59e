// A machine with one process on it: its clock, its lives, and the events on their way to its engine.
#pragma once

#include "sim/host.h"
#include "sim/world/clock.h"
#include "sim/world/observer.h"

#include <deque>

namespace lockstep::sim {

class Machine : public Host {
 public:
  Machine(Place place, Scheduler& scheduler, Random random, DriftingClock clock, Observer& observer)
      : place_(place), scheduler_(scheduler), lives_(random), random_(random), clock_(clock), observer_(observer) {}

  [[nodiscard]] Place place() const { return place_; }
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] const DriftingClock& clock() const { return clock_; }

  [[nodiscard]] Time now() const override { return scheduler_.now(); }
  [[nodiscard]] Instant local_now() const override { return clock_.at(scheduler_.now()); }
  [[nodiscard]] Time true_time(Instant instant) const override { return clock_.true_time(instant); }
  Random& random() override { return random_; }
  void at(Time when, std::function<void()> action) override;
  void deliver(Time when, io::Event event, std::function<bool()> still_valid) override;

  /// Starts a new process; it hears Booted first.
  void start();
  /// Ends the process at once, without its knowledge.
  void stop(bool power_lost);
  /// Stops handing over events; resume() hands over what has come meanwhile.
  void pause() { paused_ = running_; }
  /// How often it has woken up or started.
  [[nodiscard]] std::uint64_t awakenings() const { return awakenings_; }
  void resume();
  /// The machine's clock missed this much of the true time.
  void clock_stood_still(Time length) { clock_.offset_ns -= clock_.at(length).ns - clock_.at(0).ns; }

 protected:
  /// Whether a process that is started can run at all.
  [[nodiscard]] virtual bool can_begin() const { return true; }
  virtual io::Booted begin_life() = 0;
  virtual void end_life(bool power_lost) = 0;
  virtual void step(io::Event event) = 0;

  Observer& observer() { return observer_; }

 private:
  struct Waiting {
    io::Event event;
    std::function<bool()> still_valid;
  };

  /// Unless this life has ended by then.
  template <typename Action>
  void schedule(Time when, Action action, Tag tag);
  void hand_over(Waiting waiting);

  Place place_;
  Scheduler& scheduler_;
  const Random lives_;  ///< each life draws from numbers of its own
  std::uint64_t awakenings_ = 0;
  Random random_;  ///< of the present life
  DriftingClock clock_;
  Observer& observer_;
  std::uint64_t life_ = 0;
  bool running_ = false;
  bool paused_ = false;
  std::deque<Waiting> backlog_;
};

}  // namespace lockstep::sim
