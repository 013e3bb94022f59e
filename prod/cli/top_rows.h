// What `lockstep top` shows of a module, from two looks at its status.
#pragma once

#include "prod/cli/headline.h"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace lockstep::prod {

/// Of the requests of one class that were answered between the two looks.
struct ObservedLatency {
  double per_second = 0;
  double mean_seconds = 0;
  double p99_seconds = 0;  ///< 99 of 100 took no longer, as far as the size classes tell; 0: none, or beyond them all
};

struct TopRow {
  std::string module;
  std::string role;
  Headline headline;
  std::string resync;  ///< a bar, while there is one
  double operations_per_second = 0;
  double bytes_per_second = 0;
  ObservedLatency write;
  ObservedLatency fsync;
  ObservedLatency names;
  double lag_seconds = 0;
  std::uint64_t lag_operations = 0;
  std::uint64_t waiting = 0;
};

/// `before` may be empty, or of an earlier life of the daemon: then there are no rates.
TopRow top_row(const boost::json::object& before, const boost::json::object& now, double seconds, std::int64_t now_ms);

/// A table with a head, and each module's headline beneath its row.
std::string render_top(const std::vector<TopRow>& rows, bool colours);

}  // namespace lockstep::prod
