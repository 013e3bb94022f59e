// Marks and rows that the simulator cannot reach, each with the reason. One that is reached all the same is stale and
// fails the run as well: it has to go from here. What is reached in so few runs that no run can be asked to reach it is
// listed as rare, and never stale.
#pragma once

#include "engine/marks.h"

#include <string_view>

namespace lockstep::sim {

enum class Reach : unsigned char { never, rare };

struct MarkExemption {
  engine::Mark mark;
  Reach reach;
  std::string_view why;
};

struct RowExemption {
  std::string_view source, event, target;
  Reach reach;
  std::string_view why;
};

inline constexpr std::string_view needs_volume_errors = "needs volumes that fail";
inline constexpr std::string_view needs_phase_errors = "needs phases or mounts that fail or hang";
inline constexpr std::string_view needs_force = "needs `prim --force` while a voter has forgotten";
inline constexpr std::string_view needs_force_amid_resync = "needs `prim --force` on a node whose resync was cut short";
inline constexpr std::string_view needs_luck = "a race of a few milliseconds";

inline constexpr std::string_view needs_names_that_rot =
    "no fault changes names or attributes behind everybody's back; sim/scenario/verify_test does";

inline constexpr std::string_view needs_no_third_vote =
    "needs a cluster without a third vote: the profile `isolation` has them, and a test of the simulator asks for it";

inline constexpr std::string_view needs_isolation_and_luck =
    "needs a cluster without a third vote, and an isolation or a life that ends within a few milliseconds of a vote";

inline constexpr MarkExemption exempted_marks[] = {
    {engine::Mark::isolation_begins, Reach::rare, needs_no_third_vote},
    {engine::Mark::isolation_ends, Reach::rare, needs_no_third_vote},
    {engine::Mark::stand_in_votes, Reach::rare, needs_no_third_vote},
    {engine::Mark::stand_in_grants, Reach::rare, needs_no_third_vote},
    {engine::Mark::intent_go_on_alone, Reach::rare, needs_no_third_vote},
    {engine::Mark::stale_does_not_go_alone, Reach::rare, needs_no_third_vote},
    {engine::Mark::alone_no_more, Reach::rare, needs_isolation_and_luck},
    {engine::Mark::boot_recalls_own_election, Reach::rare, needs_isolation_and_luck},
    {engine::Mark::verify_names_differ, Reach::never, needs_names_that_rot},
    {engine::Mark::verify_attributes_differ, Reach::never, needs_names_that_rot},
    {engine::Mark::verify_file_lacking, Reach::never, needs_names_that_rot},
    {engine::Mark::verify_repairs_names, Reach::never, needs_names_that_rot},
    {engine::Mark::verify_looks_again, Reach::never, needs_names_that_rot},
    {engine::Mark::verify_keeps_peer, Reach::never, needs_names_that_rot},
    {engine::Mark::held_service_without_lease, Reach::rare, needs_luck},
    {engine::Mark::held_service_unwanted, Reach::rare, needs_luck},
    {engine::Mark::request_done_before_unsure, Reach::rare, "needs a sync that fails between two deaths of a daemon"},
    {engine::Mark::verify_question_unfit, Reach::rare, "needs an operation that arrives damaged just before"},
    {engine::Mark::verify_repair_unreadable_here, Reach::rare, needs_luck},
    {engine::Mark::verify_question_of_lost_stream, Reach::rare, needs_luck},
    {engine::Mark::salvage_moves, Reach::rare, needs_force_amid_resync},
    {engine::Mark::boot_after_failed_sync, Reach::rare, needs_luck},
    {engine::Mark::memory_older_copy_as_primary, Reach::rare, needs_luck},
    {engine::Mark::target_sync_failed, Reach::never, needs_volume_errors},
    {engine::Mark::service_failed_on_the_way_down, Reach::never, needs_phase_errors},
    {engine::Mark::mount_failed, Reach::never, needs_phase_errors},
    {engine::Mark::register_knows_less, Reach::rare, needs_force},
    {engine::Mark::memory_forced, Reach::rare, needs_force},
    {engine::Mark::witness_memory_forced, Reach::rare, needs_force},
    {engine::Mark::verify_waits_for_question, Reach::rare, needs_luck},
    {engine::Mark::take_over_nothing_decided, Reach::never,
     "nobody tries before something was decided, and a decision is never forgotten by a majority"},
    {engine::Mark::take_over_refused_mixture, Reach::never,
     "nobody tries with a mixture; the tree becomes one only while following a primary"},
    {engine::Mark::left_out, Reach::never,
     "the connection is given up before a node is left out: it hears of it when it is no secondary any more"},
    {engine::Mark::manifest_for_a_primary, Reach::never,
     "a node that waits for a manifest cannot become primary on that connection"},
    {engine::Mark::resume_ahead, Reach::never,
     "only a primary that had lost a part of its own stream would see it; one that has begins a new reign"},
    {engine::Mark::replica_sync_of_removed_file, Reach::never,
     "the simulated volume keeps what has lost its last name until its process ends"},
    {engine::Mark::pull_unfit, Reach::never, "only another version of this program would send it"},
    {engine::Mark::partial_plan_misfit, Reach::never,
     "what was listed covers all that differs (I7); kept in case that a volume changes behind everybody's back"},
    {engine::Mark::resync_of_another_base, Reach::rare, needs_luck},
    {engine::Mark::checkpoint_noted_too_late, Reach::rare, needs_luck},
    {engine::Mark::checkpoint_still_under_way, Reach::rare, needs_luck},
    {engine::Mark::cooled_too_late, Reach::rare, needs_luck},
    {engine::Mark::cool_too_late, Reach::rare, needs_luck},
    {engine::Mark::sync_all_too_late, Reach::rare, needs_luck},
    {engine::Mark::phase_of_earlier_run, Reach::rare, needs_luck},
    {engine::Mark::replica_unattended_sync_failed, Reach::rare, needs_luck},
    {engine::Mark::region_beyond_end, Reach::rare, needs_luck},
    {engine::Mark::operation_for_a_primary, Reach::rare, needs_luck},
    {engine::Mark::resync_failed, Reach::rare, needs_luck},
    {engine::Mark::target_sync_ahead_failed, Reach::rare, needs_luck},
    {engine::Mark::verify_repair_not_kept, Reach::rare, needs_luck},
    {engine::Mark::verify_keeping_waits, Reach::rare, needs_luck},
    {engine::Mark::manifest_without_staging, Reach::rare, needs_luck},
    {engine::Mark::manifest_unexpected, Reach::rare, needs_luck},
    {engine::Mark::plan_keeps_parked, Reach::rare, needs_luck},
    {engine::Mark::attached_too_late, Reach::rare, needs_luck},
    {engine::Mark::request_failed_after_closing, Reach::rare, needs_luck},
    {engine::Mark::plan_removes_parked, Reach::rare, needs_luck},
    {engine::Mark::service_stops_already, Reach::rare, needs_luck},
    {engine::Mark::mount_opened_too_late, Reach::rare, needs_luck},
    {engine::Mark::lease_never_held, Reach::rare, needs_luck},
    {engine::Mark::leave_ends_scan, Reach::rare, needs_luck},
    {engine::Mark::resync_not_before_service, Reach::rare, needs_luck},
    {engine::Mark::caught_up_too_late, Reach::rare, needs_luck},
    {engine::Mark::hand_over_not_drained_in_time, Reach::rare, needs_luck},
    {engine::Mark::resync_complete_too_late, Reach::rare, needs_luck},
    {engine::Mark::attach_while_scanning, Reach::rare, needs_luck},
    {engine::Mark::service_aborts_closing, Reach::rare, needs_luck},
    {engine::Mark::service_failed_with_successor, Reach::rare, needs_phase_errors},
    {engine::Mark::service_stops_failed, Reach::rare, needs_phase_errors},
    {engine::Mark::restart_stop_timed_out, Reach::rare, needs_phase_errors},
    {engine::Mark::restart_force_stop_timed_out, Reach::rare, needs_phase_errors},
    {engine::Mark::force_stop_timed_out, Reach::rare, needs_phase_errors},
    {engine::Mark::check_prompted_too_late, Reach::rare, needs_luck},
    {engine::Mark::service_failed_alone, Reach::rare, needs_phase_errors},
};

inline constexpr RowExemption exempted_rows[] = {
    {"Alone", "ServiceFailed", "Demoting", Reach::rare, needs_phase_errors},
    {"Prim", "ServiceFailed", "Demoting", Reach::rare, needs_phase_errors},
    {"Alone", "PeerLeft", "Alone", Reach::rare, needs_luck},
    {"Demoting", "PeerAdmitted", "Demoting", Reach::rare, needs_luck},
};

}  // namespace lockstep::sim
