// What the runs of some seeds have shown: a value that adds up. One seed's tally, a worker's, a shard's and a whole
// campaign's are all of this kind, and it does not matter in which order they are added.
//
// A new figure needs a member here, a line in add(), and one each in to_json() and tally_from_json(): that carries it
// from the workers into every report and through `merge`.
#pragma once

#include "sim/availability/figures.h"
#include "sim/coverage/coverage.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace lockstep::sim {

struct Failure {
  std::uint64_t seed = 0;
  std::uint64_t at_us = 0;  ///< of simulated time
  std::string invariant;    ///< or "crash", "hang", "determinism", "exception", "stuck"
  std::string text;
};

struct Tally {
  /// A campaign that fails everywhere is not to drown in its own report; the counts are complete all the same.
  static constexpr std::size_t failures_max = 1000;

  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t simulated_us = 0;
  std::uint64_t irrecoverable = 0;  ///< seeds that ended with the last complete copy lost, rightly waiting for a person
  /// With a named scenario: how often what did not come about.
  std::map<std::string, std::uint64_t> not_reached;
  /// Over (seed, hash of its run), in whatever order.
  std::uint64_t hash = 0;
  std::map<std::string, std::uint64_t> violations;  ///< how many seeds, by invariant
  std::vector<Failure> failures;                    ///< of the lowest seeds, in their order
  std::map<std::uint64_t, std::uint64_t> hashes;    ///< of each seed's run, where they were asked for
  std::optional<Coverage> coverage;                 ///< where it was asked for

  AvailabilityFigures availability;  ///< of runs with an administrator's settings

  void add(const Tally& other);
  void add_hash(std::uint64_t seed, std::uint64_t run_hash);
  void add_failure(Failure failure);
  /// Whether a named scenario came about often enough to have been tried: with nine seeds of ten.
  [[nodiscard]] bool reached() const;
  [[nodiscard]] bool clean() const { return violations.empty(); }
};

boost::json::object to_json(const Tally& tally);
/// Throws std::exception where a figure is missing or of another kind.
Tally tally_from_json(const boost::json::object& object);

/// 16 hexadecimal digits: JSON's numbers are not exact beyond 53 bits for every reader.
std::string hash_text(std::uint64_t hash);

}  // namespace lockstep::sim
