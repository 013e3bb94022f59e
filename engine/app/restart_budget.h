// How often failed checks have made the application start again lately, and whether they may once more.
//
// Of this life of the program: whoever restarts the daemon, or tells it to start, begins to count anew.
#pragma once

#include "engine/planted.h"
#include "engine/settings.h"

#include <deque>

namespace lockstep::engine {

class RestartBudget {
 public:
  explicit RestartBudget(const Settings& settings) : settings_(settings) {}

  /// Takes one if there is one left.
  bool take(Instant now) {
    while (!taken_.empty() && now - taken_.front() >= settings_.restarts_window) taken_.pop_front();
    if (taken_.size() >= settings_.restarts_max) return false;
    if (!planted(Bug::restart_not_counted)) taken_.push_back(now);
    return true;
  }
  /// Within the window that ends now.
  [[nodiscard]] std::uint32_t used(Instant now) const {
    std::uint32_t count = 0;
    for (const Instant at : taken_) count += now - at < settings_.restarts_window ? 1U : 0U;
    return count;
  }
  void clear() { taken_.clear(); }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive.list(self.taken_, [&archive](auto& at) { archive(at); });
  }

 private:
  const Settings& settings_;
  std::deque<Instant> taken_;  ///< restarts_max at most
};

}  // namespace lockstep::engine
