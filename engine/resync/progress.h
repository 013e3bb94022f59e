// How far a node that is brought up to date has come.
#pragma once

#include "engine/values/time.h"

#include <cstdint>

namespace lockstep::engine {

struct ResyncProgress {
  std::uint64_t bytes_total = 0;  ///< to be compared or copied; what turns out to differ is looked at twice
  std::uint64_t bytes_left = 0;
  std::uint64_t files_left = 0;  ///< not yet asked for to their ends
  std::uint64_t bytes_copied = 0;
  std::uint64_t bytes_compared = 0;
  std::uint64_t bytes_per_second = 0;  ///< of those left so far; 0: not known yet
  std::uint64_t seconds_left = 0;      ///< at that rate

  /// Its rate, after so long.
  void rate(Duration taken) {
    constexpr std::int64_t shortest_ns = 100'000'000;
    if (taken.ns < shortest_ns || bytes_total == bytes_left) return;
    const double per_second =
        static_cast<double>(bytes_total - bytes_left) * ns_per_second / static_cast<double>(taken.ns);
    bytes_per_second = static_cast<std::uint64_t>(per_second);
    seconds_left = static_cast<std::uint64_t>(static_cast<double>(bytes_left) / per_second);
  }

  bool operator==(const ResyncProgress&) const = default;
};

}  // namespace lockstep::engine
