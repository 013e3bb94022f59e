// Port: the application's phases. Event that answers: PhaseEnded.
#pragma once

#include "engine/values/strong.h"

#include <cstdint>
#include <string_view>

namespace lockstep::io {

enum class Phase : std::uint8_t {
  prestart,    ///< before the start, e.g. to check or repair
  start,       ///< brings the application up; ends when it serves
  stop,        ///< asks the application to end; ends when it has
  poststop,    ///< after it has ended
  force_stop,  ///< the second stop, of an application that did not end in the time that `stop` had
  kill,        ///< not a script: ends every process of the application and of its scripts at once, then returns
};

constexpr std::string_view to_string(Phase phase) {
  constexpr std::string_view names[] = {"prestart", "start", "stop", "poststop", "force_stop", "kill"};
  return names[static_cast<unsigned>(phase)];
}

class Application {
 public:
  virtual ~Application() = default;
  /// Begins a phase. PhaseEnded{ticket, succeeded, text} follows; a phase that is not configured succeeds at once.
  /// Only one phase runs at a time, but for `force_stop` and `kill`, which end a running phase too (that one's
  /// PhaseEnded is then not delivered); `kill` reports when no process is left.
  virtual void run(Ticket ticket, Phase phase) = 0;
};

}  // namespace lockstep::io
