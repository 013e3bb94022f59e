// Scenarios with a name: what has hurt users of such systems (F), what must follow when the application or what
// looks after it fails (C), and what two servers do without a third vote (N), each reproduced and held to what must
// follow.
//
// Each stands in a file of its own, which says what happened to others, what is injected and what must hold. A seed
// varies it: the mix (durability, timeout, load), the moments, the nodes, the operations. All checkers watch;
// afterwards the world is healed and must come to rest, as after any other run.
#pragma once

#include "sim/scenario/director.h"

#include <span>
#include <string_view>

namespace lockstep::sim {

struct NamedScenario {
  std::string_view name;
  std::string_view title;     ///< one line, for people
  std::uint64_t seeds = 100;  ///< 1 to this many are what a test runs
  /// A planted bug that these seeds find: the scenario is able to fail.
  std::string_view finds;
  /// Changes what was drawn where the scenario needs it; may be null.
  void (*prepare)(Mix& mix, Random& random) = nullptr;
  /// Runs from the first start until everything is healed. Throws NotReached where the seed does not bring the
  /// situation about, a Violation where what must hold does not.
  void (*direct)(Director& director);
};

extern const NamedScenario f01_network_gone_before_daemon;
extern const NamedScenario f02_crash_around_every_mark;
extern const NamedScenario f03_late_resync_answer;
extern const NamedScenario f04_end_of_resync_seen_by_one;
extern const NamedScenario f05_divergence_generations;
extern const NamedScenario f06_paused_primary_wakes;
extern const NamedScenario f07_restart_orders;
extern const NamedScenario f08_degraded_but_not_recorded;
extern const NamedScenario f09_wrong_direction;
extern const NamedScenario f10_old_identity;
extern const NamedScenario f11_half_a_namespace_operation;
extern const NamedScenario f12_errors_on_one_side;
extern const NamedScenario f13_lost_acknowledgement;
extern const NamedScenario f14_two_healthy_nodes;
extern const NamedScenario f15_power_cut_and_bit_flip;
extern const NamedScenario f16_hung_secondary;
extern const NamedScenario f17_preserved_times;
extern const NamedScenario f18_endless_rewriting;
extern const NamedScenario f19_large_tree_small_change;
extern const NamedScenario f20_only_the_peers_are_cut;
extern const NamedScenario c01_killed_application;
extern const NamedScenario c02_hung_application;
extern const NamedScenario c03_flapping_application;
extern const NamedScenario c04_nobody_to_fail_over_to;
extern const NamedScenario c05_server_lacks_something;
extern const NamedScenario c06_preferred_node;
extern const NamedScenario c07_daemon_dies;
extern const NamedScenario n01_isolation_waited_out;
extern const NamedScenario n02_two_histories_meet;
extern const NamedScenario n03_replaced_without_third_vote;
extern const NamedScenario n04_power_cut_without_third_vote;
extern const NamedScenario n05_stale_without_third_vote;
extern const NamedScenario n06_reunion_at_election;

std::span<const NamedScenario* const> named_scenarios();
/// Null if there is none.
const NamedScenario* find_named(std::string_view name);

}  // namespace lockstep::sim
