// How far a long run is, on stderr: one line that is rewritten on a terminal, elsewhere a line now and then.
#pragma once

#include "sim/program/tally.h"

#include <chrono>
#include <cstdint>

namespace lockstep::sim {

class Progress {
 public:
  /// `seeds`: how many there will be.
  explicit Progress(std::uint64_t seeds);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const Tally& tally);
  void say(const Failure& failure);

 private:
  using Clock = std::chrono::steady_clock;

  void clear() const;

  const std::uint64_t seeds_;
  const bool terminal_;
  const Clock::time_point began_;
  Clock::time_point next_;
};

}  // namespace lockstep::sim
