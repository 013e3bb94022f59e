#include "sim/scenario/named/named.h"

#include <algorithm>
#include <array>

namespace lockstep::sim {

namespace {
constexpr std::array all{
    &f01_network_gone_before_daemon,
    &f02_crash_around_every_mark,
    &f03_late_resync_answer,
    &f04_end_of_resync_seen_by_one,
    &f05_divergence_generations,
    &f06_paused_primary_wakes,
    &f07_restart_orders,
    &f08_degraded_but_not_recorded,
    &f09_wrong_direction,
    &f10_old_identity,
    &f11_half_a_namespace_operation,
    &f12_errors_on_one_side,
    &f13_lost_acknowledgement,
    &f14_two_healthy_nodes,
    &f15_power_cut_and_bit_flip,
    &f16_hung_secondary,
    &f17_preserved_times,
    &f18_endless_rewriting,
    &f19_large_tree_small_change,
    &f20_only_the_peers_are_cut,
    &c01_killed_application,
    &c02_hung_application,
    &c03_flapping_application,
    &c04_nobody_to_fail_over_to,
    &c05_server_lacks_something,
    &c06_preferred_node,
    &c07_daemon_dies,
    &n01_isolation_waited_out,
    &n02_two_histories_meet,
    &n03_replaced_without_third_vote,
    &n04_power_cut_without_third_vote,
    &n05_stale_without_third_vote,
    &n06_reunion_at_election,
};
}  // namespace

std::span<const NamedScenario* const> named_scenarios() { return all; }

const NamedScenario* find_named(std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const NamedScenario* each) { return each->name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace lockstep::sim
