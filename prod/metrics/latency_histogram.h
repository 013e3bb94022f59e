// How long something took, by size classes, as Prometheus keeps it.
#pragma once

#include "engine/values/time.h"
#include "prod/metrics/counter.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace lockstep::prod {

/// What one histogram held at one moment; bucket by bucket, so nearly at one moment.
struct LatencySnapshot {
  /// Upper bounds in nanoseconds, both inclusive: from a write that stays in memory to a disk that hangs.
  static constexpr std::array<std::int64_t, 18> bounds_ns = {
      20'000,      50'000,      100'000,       250'000,       500'000,       1'000'000,
      2'500'000,   5'000'000,   10'000'000,    25'000'000,    50'000'000,    100'000'000,
      250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

  std::array<std::uint64_t, bounds_ns.size() + 1> counts{};  ///< not cumulative; the last: beyond all bounds
  std::uint64_t sum_ns = 0;

  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const std::uint64_t each : counts) all += each;
    return all;
  }
};

/// Recorded into by one thread, read by any.
class LatencyHistogram {
 public:
  void record(Duration taken) {
    const auto& bounds = LatencySnapshot::bounds_ns;
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), taken.ns) - bounds.begin();
    counts_[static_cast<std::size_t>(bucket)].add();
    sum_ns_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(taken.ns, 0)));
  }

  [[nodiscard]] LatencySnapshot snapshot() const {
    LatencySnapshot taken;
    for (std::size_t i = 0; i < counts_.size(); ++i) taken.counts[i] = counts_[i].value();
    taken.sum_ns = sum_ns_.value();
    return taken;
  }

 private:
  std::array<Counter, LatencySnapshot::bounds_ns.size() + 1> counts_;
  Counter sum_ns_;
};

}  // namespace lockstep::prod
