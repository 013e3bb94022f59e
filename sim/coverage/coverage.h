// Which decisions of the engine any run has made: how often each mark (engine/mark_table.inc) and each row of the role
// machine's table (engine/cluster/role_table.h) was reached. Says that a branch was taken, not that what it did
// was right: that is what the checkers are for.
#pragma once

#include "sim/world/observer.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lockstep::sim {

/// One mark or one row.
struct CoveragePoint {
  std::string name;  ///< "mark lease_runs_out" or "row Waiting --Elected--> Promoting"
  std::string what;  ///< of a mark: what has happened there
  std::uint64_t hits = 0;
};

class Coverage : public Observer {
 public:
  Coverage();

  void traced(Place by, const io::TraceEvent& event) override;

  /// Marks first, in the order of the engine's registry, then the rows.
  [[nodiscard]] const std::vector<CoveragePoint>& points() const { return points_; }

  /// The hits as one line, for add() in another process of the same program.
  [[nodiscard]] std::string hits_as_text() const;
  /// Throws std::invalid_argument where the text is not that of as many points.
  void add(const std::string& hits_as_text);

 private:
  std::vector<CoveragePoint> points_;
  std::map<std::string, std::size_t, std::less<>> rows_;  ///< place in points_, by name
};

/// A row's name as a point.
std::string row_name(std::string_view source, std::string_view event, std::string_view target);
/// A mark's name as a point.
std::string mark_name(std::string_view mark);

}  // namespace lockstep::sim
