// Processes of this program that work off numbers (seeds) side by side: a planted bug is global to its process, and
// what crashes or hangs takes one number with it and no more.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lockstep::sim {

/// What became of one number.
struct Outcome {
  enum class Kind : std::uint8_t { finished, crashed, hung };
  std::uint64_t number = 0;
  Kind kind = Kind::finished;
  std::string text;  ///< the job's result, or how the process ended
};

struct Work {
  /// The next number to work off; asked in this process, one answer after the other.
  std::function<std::optional<std::uint64_t>()> next;
  /// Called in a process of its own. The result must hold no line break.
  std::function<std::string(std::uint64_t number)> job;
  /// Called in this process, in the order in which the outcomes come.
  std::function<void(const Outcome& outcome)> finished;
};

struct WorkLimits {
  unsigned processes = 1;
  /// Of the real time that one number may take; its process is killed then. Zero: no limit.
  std::chrono::seconds number_max{0};
};

/// Returns when `next` has no more numbers and every number has its outcome. Throws std::system_error where no process
/// can be started.
void work_off(const Work& work, const WorkLimits& limits);

}  // namespace lockstep::sim
