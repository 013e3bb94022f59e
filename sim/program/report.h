// What `run` says in the end, and what `merge` makes of several of them.
#pragma once

#include "sim/program/shard.h"
#include "sim/program/tally.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace lockstep::sim {

/// What two reports must have in common to be parts of one run.
struct Identity {
  std::string version;
  std::string program;         ///< a hash of the program file: the same seed is the same run in it
  boost::json::object choice;  ///< what was chosen for all seeds, by option
  SeedRange range;
  std::uint64_t shards = 1;
};

struct Report {
  Identity identity;
  std::set<std::uint64_t> present;  ///< shards that are in it, from 1
  double wall_seconds = 0;          ///< of the shard that took longest
  Tally tally;

  [[nodiscard]] std::vector<std::uint64_t> missing() const;
};

/// The hash that identifies this program: takes a tenth of a second, and only reports to be merged want it. Throws
/// std::runtime_error where it cannot read itself.
std::string program_id();

/// Throws UsageError saying what differs or overlaps; the names are for that.
void merge_into(Report& all, const std::string& all_name, const Report& part, const std::string& part_name);

boost::json::object to_json(const Report& report);
/// Throws std::exception where it is not a report of this kind.
Report report_from_json(const boost::json::object& object);

/// Prints for people, or as JSON; the exit status: clean, or violated (also where coverage was asked for and is not
/// complete).
int print_report(const Report& report, bool as_json);

}  // namespace lockstep::sim
