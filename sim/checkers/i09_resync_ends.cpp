#include "sim/checkers/i09_resync_ends.h"

#include "sim/faults/fault.h"

#include <algorithm>

namespace lockstep::sim {

namespace {

/// What a fault leaves behind is noticed and dealt with in this time: half-open connections, leases, phases that hang.
constexpr Time aftermath = 15 * one_second;
constexpr Time resync_max = 15 * one_second;
constexpr std::uint32_t attempts_max = 3;
/// Settings that are made to reach the engine's limits take this many times longer, and more attempts.
constexpr std::uint32_t narrow_factor = 3;

Time length_of(const Fault& fault) {
  return std::visit(
      [](const auto& unit) -> Time {
        if constexpr (requires { unit.length; }) return unit.length;
        if constexpr (requires { unit.down; }) return unit.down;
        return 0;
      },
      fault.what);
}

}  // namespace

void ResyncEnds::faulted(const Fault& fault) {
  quiet_from_ = std::max(quiet_from_, world_.now() + length_of(fault) + aftermath);
  for (Resync& each : resyncs_) each.begun_in_quiet = 0;
}

void ResyncEnds::healed() { quiet_from_ = std::min(quiet_from_, world_.now() + aftermath); }

void ResyncEnds::traced(Place by, const io::TraceEvent& event) {
  if (!is_node(by)) return;
  Resync& here = resyncs_[index_of(by)];
  if (std::holds_alternative<io::ResyncBegan>(event)) {
    here.began = world_.now();
    if (world_.now() < quiet_from_) return;
    if (++here.begun_in_quiet > attempts_max * (world_.mix().little_patience ? narrow_factor : 1)) {
      throw Violation("I9", std::string(to_string(by)) + " begins a resync for the " +
                                std::to_string(here.begun_in_quiet) + "th time although nothing goes wrong");
    }
  } else if (const auto* change = std::get_if<io::RoleChanged>(&event)) {
    if (change->from != "Joining") return;
    here.began.reset();
    if (change->to == "Secondary") here.begun_in_quiet = 0;
  }
}

void ResyncEnds::stepped(Place place) {
  if (!is_node(place)) return;
  const Resync& here = resyncs_[index_of(place)];
  const Mix& mix = world_.mix();
  if (!here.began) return;
  const bool narrow =
      mix.small_messages || mix.small_window || mix.slow_volumes || mix.slow_resync || mix.little_patience;
  const Time took = world_.now() - std::max(*here.began, quiet_from_);
  if (took <= resync_max * (narrow ? narrow_factor : 1)) return;
  throw Violation("I9", std::string(to_string(place)) + " is still not in sync " + std::to_string(took / one_second) +
                            " s after its resync began and nothing went wrong any more");
}

void ResyncEnds::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) resyncs_[index_of(place)] = {};
}

}  // namespace lockstep::sim
