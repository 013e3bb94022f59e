// One run of a history in a steady world: a cluster comes up, the history begins, something strikes or not, everything
// is repaired and must come to rest. Every checker of the simulator watches.
#pragma once

#include "sim/checkers/checkers.h"
#include "sim/explore/short_history.h"
#include "sim/explore/strike.h"
#include "sim/explore/user.h"
#include "sim/world/event_log.h"
#include "sim/world/world.h"

#include <functional>
#include <memory>
#include <optional>
#include <ostream>

namespace lockstep::sim {

/// Throws Violation from any of its calls.
class Course {
 public:
  /// `log`: where the event log goes, or null.
  explicit Course(const ShortHistory& history, std::ostream* log = nullptr);

  /// Up to the first request, which is then on its way.
  void prepare();
  /// The next thing that happens; false, and nothing happens, when the history has ended.
  bool step();
  [[nodiscard]] bool ended() const;
  struct Choice {
    Scheduler::Due due;
    bool simultaneous;  ///< due as good as together with the first
  };
  /// What one engine may be told next, of all that is due soon; the first is what step() takes.
  [[nodiscard]] std::vector<Choice> choices() const;
  void step(const Choice& choice);
  /// At most one strikes a history.
  void strike(const Strike& strike);
  /// Repairs everything in time and runs until the cluster is at rest.
  void finish();

  World& world() { return world_; }
  /// What breaks stays broken until then.
  [[nodiscard]] Time repaired_at() const;

 private:
  void prepare_until(const std::function<bool()>& done);
  void come_to_rest(Time limit);

  const ShortHistory history_;
  World world_;
  std::optional<EventLog> log_;
  User user_;
  std::unique_ptr<Checkers> checkers_;
  Time began_at_ = 0;
  bool struck_ = false;
};

}  // namespace lockstep::sim
