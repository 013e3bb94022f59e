#include "sim/coverage/coverage.h"

#include "engine/cluster/role_rows.h"
#include "engine/marks.h"

#include <sstream>
#include <stdexcept>

namespace lockstep::sim {

std::string row_name(std::string_view source, std::string_view event, std::string_view target) {
  return std::string("row ").append(source).append(" --").append(event).append("--> ").append(target);
}

std::string mark_name(std::string_view mark) { return std::string("mark ").append(mark); }

Coverage::Coverage() {
  for (const engine::MarkInfo& mark : engine::marks) points_.push_back({mark_name(mark.name), std::string(mark.what)});
  for (const engine::RoleRow& row : engine::role_rows().rows) {
    const std::string name = row_name(row.source, row.event, row.target);
    rows_.emplace(name, points_.size());
    points_.push_back({name, {}});
  }
}

void Coverage::traced(Place /*by*/, const io::TraceEvent& event) {
  if (const auto* mark = std::get_if<io::Mark>(&event)) {
    ++points_[mark->number].hits;
  } else if (const auto* changed = std::get_if<io::RoleChanged>(&event)) {
    ++points_[rows_.at(row_name(changed->from, changed->event, changed->to))].hits;
  }
}

std::string Coverage::hits_as_text() const {
  std::string text;
  for (const CoveragePoint& point : points_) text += std::to_string(point.hits) + ' ';
  return text;
}

void Coverage::add(const std::string& hits_as_text) {
  std::istringstream numbers(hits_as_text);
  std::vector<std::uint64_t> hits;
  for (std::uint64_t number = 0; numbers >> number;) hits.push_back(number);
  if (hits.size() != points_.size()) throw std::invalid_argument("coverage of another program: " + hits_as_text);
  for (std::size_t i = 0; i < hits.size(); ++i) points_[i].hits += hits[i];
}

}  // namespace lockstep::sim
