#include "sim/availability/intervals.h"

#include <algorithm>

namespace lockstep::sim {

Intervals united(std::vector<Interval> any) {
  std::erase_if(any, [](const Interval& each) { return each.begin >= each.end; });
  std::sort(any.begin(), any.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  Intervals result;
  for (const Interval& each : any) {
    if (!result.empty() && each.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, each.end);
    } else {
      result.push_back(each);
    }
  }
  return result;
}

Intervals without(const Intervals& from, const Intervals& what) {
  std::vector<Interval> left;
  for (const Interval& each : from) {
    Time begin = each.begin;
    for (const Interval& hole : what) {
      left.push_back({begin, std::min(hole.begin, each.end)});
      begin = std::max(begin, hole.end);
    }
    left.push_back({begin, each.end});
  }
  return united(std::move(left));
}

Time length_of(const Intervals& these) {
  Time sum = 0;
  for (const Interval& each : these) sum += each.length();
  return sum;
}

}  // namespace lockstep::sim
