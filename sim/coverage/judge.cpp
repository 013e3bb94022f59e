#include "sim/coverage/judge.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
constexpr std::size_t rarest_shown = 5;

/// Names of points need no escapes: letters, blanks, '-', '>' and '_' only.
std::string json_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += std::string(list.empty() ? "" : ", ") + '"' + name + '"';
  return "[" + list + "]";
}
}  // namespace

Exemptions exemptions() {
  Exemptions result;
  for (const MarkExemption& each : exempted_marks) {
    const engine::MarkInfo& mark = engine::marks[static_cast<std::size_t>(each.mark)];
    result.emplace(mark_name(mark.name), each.reach);
  }
  for (const RowExemption& each : exempted_rows) {
    result.emplace(row_name(each.source, each.event, each.target), each.reach);
  }
  return result;
}

CoverageVerdict judge(const Coverage& coverage, const Exemptions& exemptions) {
  CoverageVerdict verdict;
  Exemptions unknown = exemptions;
  for (const CoveragePoint& point : coverage.points()) {
    const auto exemption = exemptions.find(point.name);
    const bool exempted = exemption != exemptions.end();
    unknown.erase(point.name);
    if (point.hits != 0) {
      if (exempted && exemption->second == Reach::never) verdict.stale.push_back(point.name);
    } else if (exempted) {
      ++verdict.exempted;
    } else {
      verdict.missed.push_back(point);
    }
  }
  for (const auto& [name, reach] : unknown) verdict.stale.push_back(name);
  return verdict;
}

std::string coverage_text(const Coverage& coverage, const CoverageVerdict& verdict) {
  std::string text;
  for (const CoveragePoint& point : verdict.missed) {
    text += "never reached: " + point.name + (point.what.empty() ? "" : " (" + point.what + ")") + "\n";
  }
  for (const std::string& name : verdict.stale) {
    text += "stale in sim/coverage/exemptions.h, it is reached or does not exist: " + name + "\n";
  }
  std::vector<CoveragePoint> reached;
  for (const CoveragePoint& point : coverage.points()) {
    if (point.hits != 0) reached.push_back(point);
  }
  text += "coverage: " + std::to_string(reached.size()) + " of " + std::to_string(coverage.points().size()) +
          " marks and rows reached, " + std::to_string(verdict.exempted) + " exempted, " +
          std::to_string(verdict.missed.size()) + " missed";
  std::stable_sort(reached.begin(), reached.end(),
                   [](const CoveragePoint& a, const CoveragePoint& b) { return a.hits < b.hits; });
  reached.resize(std::min(reached.size(), rarest_shown));
  std::string rarest;
  for (const CoveragePoint& point : reached) {
    rarest += std::string(rarest.empty() ? "; rarest: " : ", ") + point.name + " (" + std::to_string(point.hits) + ")";
  }
  return text + rarest + "\n";
}

std::string coverage_json(const Coverage& coverage, const CoverageVerdict& verdict) {
  std::vector<std::string> missed;
  for (const CoveragePoint& point : verdict.missed) missed.push_back(point.name);
  const std::size_t all = coverage.points().size();
  return "{\"points\": " + std::to_string(all) +
         ", \"reached\": " + std::to_string(all - verdict.exempted - missed.size()) +
         ", \"exempted\": " + std::to_string(verdict.exempted) + ", \"missed\": " + json_list(missed) +
         ", \"stale\": " + json_list(verdict.stale) + "}";
}

}  // namespace lockstep::sim
