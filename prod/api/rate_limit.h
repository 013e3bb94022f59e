// How often one address may ask, and how often it may be wrong about its token.
#pragma once

#include "engine/values/time.h"

#include <cstddef>
#include <map>
#include <string>

namespace lockstep::prod {

/// Used by one thread. Each address has two stocks that refill steadily; when one is empty it has to wait.
class RateLimit {
 public:
  static constexpr double requests_max = 60;
  static constexpr double requests_per_second = 20;
  static constexpr double mistakes_max = 5;
  static constexpr double mistakes_per_second = 0.1;
  /// More addresses than this at a time are no administrators: those not heard for longest are forgotten.
  static constexpr std::size_t addresses_max = 1024;

  /// Counts a request; false: too many.
  bool allow(const std::string& address, Instant now);
  /// Counts a request without a valid token.
  void mistaken(const std::string& address, Instant now);

 private:
  struct Stock {
    double requests = requests_max;
    double mistakes = mistakes_max;
    Instant at{};
  };
  Stock& refilled(const std::string& address, Instant now);

  std::map<std::string, Stock> stocks_;
};

}  // namespace lockstep::prod
