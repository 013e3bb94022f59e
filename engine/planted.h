// Bugs that are switched on by name to show that the checkers see them. Compiled in only for test builds
// (LOCKSTEP_PLANTED_BUGS); elsewhere planted() is the constant false.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lockstep::engine {

enum class Bug : std::uint8_t {
  acknowledge_before_peer,
  acknowledge_sync_before_peer_disk,
  vote_before_persisted,
  accept_older_ballot,
  lease_granted_twice,
  lease_without_drift,
  promote_while_stale,
  leave_after_acknowledging,
  admit_before_caught_up,
  resync_reads_before_order,
  replica_skips_sync,
  resume_forgets_syncs,
  keep_writing_without_lease,
  stale_acknowledgement_timer,
  count
};

struct BugInfo {
  Bug bug;
  std::string_view name, what;
};

inline constexpr std::array<BugInfo, static_cast<std::size_t>(Bug::count)> planted_bugs{{
    {Bug::acknowledge_before_peer, "acknowledge-before-peer", "a write is acknowledged before the replica has it"},
    {Bug::acknowledge_sync_before_peer_disk, "acknowledge-sync-before-peer-disk",
     "an fsync is acknowledged once the replica has it in memory"},
    {Bug::vote_before_persisted, "vote-before-persisted", "a voter answers before its vote is in the journal"},
    {Bug::accept_older_ballot, "accept-older-ballot", "a voter accepts a ballot older than its promise"},
    {Bug::lease_granted_twice, "lease-granted-twice", "a voter votes for another while its lease grant is running"},
    {Bug::lease_without_drift, "lease-without-drift", "a grant is taken to end without allowing for clock drift"},
    {Bug::promote_while_stale, "promote-while-stale", "a node that was left out takes over"},
    {Bug::leave_after_acknowledging, "leave-after-acknowledging",
     "acknowledging alone begins before leaving the peer out is decided"},
    {Bug::admit_before_caught_up, "admit-before-caught-up", "the returning node is admitted before it caught up"},
    {Bug::resync_reads_before_order, "resync-reads-before-order",
     "a resync region is ordered long after it was read, behind newer writes"},
    {Bug::replica_skips_sync, "replica-skips-sync", "the replica confirms an fsync that it never made"},
    {Bug::resume_forgets_syncs, "resume-forgets-syncs",
     "a replica whose connection broke takes the syncs that were under way for done"},
    {Bug::keep_writing_without_lease, "keep-writing-without-lease",
     "a primary completes requests although its lease has run out"},
    {Bug::stale_acknowledgement_timer, "stale-acknowledgement-timer",
     "the timer of an acknowledgement goes on running after the acknowledgement came"},
}};

#ifdef LOCKSTEP_PLANTED_BUGS
bool planted(Bug bug);
/// Switches a bug on by name; false if there is none of that name.
bool plant(std::string_view name);
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace lockstep::engine
