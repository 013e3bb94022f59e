// How the program ends.
#pragma once

#include <stdexcept>

namespace lockstep::sim {

constexpr int exit_clean = 0;
constexpr int exit_violated = 1;
constexpr int exit_usage = 2;
constexpr int exit_incomplete = 3;  ///< merge: nothing was broken, but shards are missing

/// What was asked for makes no sense: said on stderr, exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace lockstep::sim
