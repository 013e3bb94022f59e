// What goes wrong with a cluster in ordinary years, one failure at a time: the cluster is whole, one thing fails or is
// commanded, and it gets as far as it can by itself. Alone, an outage has one cause.
#pragma once

#include "sim/faults/fault.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace lockstep::sim {

/// What a failure is drawn for.
struct Situation {
  Time now;
  NodeId primary;
  Time timeout;  ///< the setting
};

struct FailureKind {
  std::string_view name;
  std::string_view range;  ///< in words
  std::uint32_t per_thousand_years;
  std::vector<Fault> (*draw)(const Situation& situation, Random& random);
};

std::span<const FailureKind> failures();
/// Of all kinds together.
std::uint64_t failures_per_thousand_years();
/// Which failure this seed is, by its rate.
const FailureKind& failure_of(std::uint64_t seed);

/// Lets an administrator's settings decide, where the seed would have.
void use_settings(Scenario& scenario, const engine::Settings& settings);

/// A cluster with these settings, under steady load.
Scenario draw_incident(std::uint64_t seed, const engine::Settings& settings);

/// Directs one run: `struck` is called when the cluster is whole, right before the failure. Returns when it is whole
/// again, or has had its time.
World::Script incident(const FailureKind& failure, std::function<void()> struck);

}  // namespace lockstep::sim
