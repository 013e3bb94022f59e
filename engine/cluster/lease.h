// The primary's side of the lease: how long it may act without having been replaced.
#pragma once

#include "engine/values/node_id.h"
#include "engine/values/time.h"

#include <algorithm>
#include <array>

namespace lockstep::engine {

/// How long before the lease ends the application is stopped, so that it is gone when it does.
constexpr Duration stop_margin(Duration timeout) { return timeout / 8; }

/// A grant counts from when it was *asked for*, by the holder's clock; the grantor counts from when it answered,
/// and adds the drift: so the holder always stops before the grantor is free again.
class Lease {
 public:
  explicit Lease(Duration length) : length_(length) {}

  void granted(VoterId by, Instant asked_at) {
    Instant& until = until_[static_cast<std::size_t>(by)];
    until = std::max(until, asked_at + length_);
  }
  /// Gives everything up, e.g. before another node is proposed as primary.
  void drop() { until_.fill(Instant{}); }

  /// When the newest grant of this voter was asked for.
  [[nodiscard]] Instant asked_at(VoterId by) const {
    return Instant{until_[static_cast<std::size_t>(by)].ns - length_.ns};
  }
  /// The lease ends when fewer than two of the three voters' grants are left.
  [[nodiscard]] Instant until() const {
    auto sorted = until_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[1];
  }
  [[nodiscard]] bool held(Instant now) const { return now < until(); }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    for (auto& until : self.until_) archive(until);
  }

 private:
  Duration length_;
  std::array<Instant, 3> until_{};
};

}  // namespace lockstep::engine
