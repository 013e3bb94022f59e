// How old the oldest operation is that the other node has not applied yet.
#pragma once

#include "engine/values/strong.h"
#include "engine/values/time.h"
#include "prod/metrics/counter.h"

#include <cstddef>
#include <deque>
#include <utility>

namespace lockstep::prod {

/// Looks now and then instead of at each operation, so it knows the age to about the time between two looks. Told by
/// the module's thread, read by any.
class ReplicationLag {
 public:
  /// What the primary has ordered, and what the other node is known to have applied of it.
  void observe(Lsn last, Lsn applied, Instant now);
  /// There is nobody who could lag: this node is no primary, or alone.
  void none();
  [[nodiscard]] std::uint64_t age_ns() const { return age_ns_.value(); }

 private:
  struct Look {
    Lsn last;
    Instant at;
  };
  /// When there are more, every second one is forgotten: the age is known less exactly then, but is also longer.
  static constexpr std::size_t looks_max = 1024;

  std::deque<Look> looks_;
  Counter age_ns_;
};

}  // namespace lockstep::prod
