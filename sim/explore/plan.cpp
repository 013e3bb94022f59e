#include "sim/explore/plan.h"

#include "sim/explore/course.h"
#include "sim/world/footprint.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace lockstep::sim {

namespace {

/// How often each part of the world has changed.
class Versions {
 public:
  void changed(Footprint footprint) {
    for (std::size_t part = 0; part < versions_.size(); ++part) {
      if ((footprint >> part & 1U) != 0) ++versions_[part];
    }
  }
  /// Of what `footprint` covers.
  [[nodiscard]] std::vector<std::uint64_t> of(Footprint footprint) const {
    std::vector<std::uint64_t> result;
    for (std::size_t part = 0; part < versions_.size(); ++part) {
      if ((footprint >> part & 1U) != 0) result.push_back(versions_[part]);
    }
    return result;
  }

 private:
  std::array<std::uint64_t, footprint_parts> versions_{};
};

}  // namespace

Plan plan(const ShortHistory& history) {
  Plan plan;
  std::map<std::pair<std::string, std::vector<std::uint64_t>>, std::size_t> first;
  Versions versions;
  Course course(history);
  course.prepare();
  do {
    const std::size_t boundary = plan.boundaries++;
    if (boundary > 0) versions.changed(course.world().scheduler().last_run().footprint);
    for (Strike& strike : possible_strikes(course.world(), course.repaired_at())) {
      const auto same = first.try_emplace({strike.name, versions.of(strike.footprint)}, boundary).first;
      plan.occasions.push_back({boundary, same->second, std::move(strike)});
    }
  } while (course.step());
  course.finish();
  return plan;
}

}  // namespace lockstep::sim
