#include "sim/availability/figures.h"

#include <algorithm>

namespace lockstep::sim {

void FailureFigures::add(const FailureFigures& other) {
  // Of equally long ones the lowest seed: the order of adding is not to show.
  const bool worse = other.worst_ms() > worst_ms() || (other.worst_ms() == worst_ms() && other.worst_seed < worst_seed);
  if (failures == 0 || (other.failures > 0 && worse)) {
    worst_seed = other.worst_seed;
    worst = other.worst;
  }
  failures += other.failures;
  for (const auto& [ms, count] : other.down_ms) down_ms[ms] += count;
  unrecovered += other.unrecovered;
  losses += other.losses;
  lost_max = std::max(lost_max, other.lost_max);
  risks += other.risks;
  at_risk_max = std::max(at_risk_max, other.at_risk_max);
}

void FailureFigures::add_unsynced(const UnsyncedWrites& writes) {
  if (writes.lost() > 0) ++losses;
  if (writes.at_risk() > 0) ++risks;
  lost_max = std::max(lost_max, writes.lost());
  at_risk_max = std::max(at_risk_max, writes.at_risk());
}

std::uint64_t FailureFigures::percentile_ms(unsigned percent) const {
  std::uint64_t below = 0;
  for (const auto& [ms, count] : down_ms) {
    below += count;
    if (below * 100 >= failures * percent) return ms;
  }
  return worst_ms();
}

std::uint64_t FailureFigures::total_ms() const {
  std::uint64_t sum = 0;
  for (const auto& [ms, count] : down_ms) sum += ms * count;
  return sum;
}

FailureFigures figures_of(std::uint64_t seed, const std::vector<Downtime>& downtimes,
                          const engine::Settings& settings) {
  FailureFigures figures;
  figures.failures = 1;
  figures.worst_seed = seed;
  Time down = 0;
  DowntimeParts parts;
  const Downtime* longest = nullptr;
  for (const Downtime& downtime : downtimes) {
    down += downtime.span.length();
    parts.stopping += downtime.parts.stopping;
    parts.no_server += downtime.parts.no_server;
    parts.electing += downtime.parts.electing;
    parts.mounting += downtime.parts.mounting;
    parts.starting += downtime.parts.starting;
    parts.waiting += downtime.parts.waiting;
    if (!downtime.ended) figures.unrecovered = 1;
    if (longest == nullptr || downtime.span.length() > longest->span.length()) longest = &downtime;
  }
  figures.down_ms[static_cast<std::uint64_t>(down / one_ms)] = 1;
  figures.worst = describe(parts, settings);
  if (longest != nullptr && !longest->causes.empty()) figures.worst += "; after: " + longest->causes;
  return figures;
}

}  // namespace lockstep::sim
