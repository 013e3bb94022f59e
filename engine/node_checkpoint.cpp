// What may differ from the other node. Both list what they change (engine/resync/touched_set); a common checkpoint
// takes off the lists what both disks hold:
//   1. The primary opens a period, and when everything begun before it has its place n, both nodes sync, without haste.
//   2. The primary notes durably that both disks held everything up to n, then says so.
//   3. The replica notes the same, forgets what it has listed itself, and says so.
//   4. The primary notes that, and forgets what was not touched since the period began.
// After a crash anywhere in between the lists hold too much, never too little; and what each has noted tells whether
// the two lists belong together (engine/resync/common_ground).

#include "engine/node_core.h"
#include "engine/planted.h"

#include <string>

namespace lockstep::engine {

namespace {
/// A common checkpoint that takes longer is tried anew.
constexpr std::int64_t checkpoint_intervals_max = 10;
}  // namespace

CommonGround NodeEngine::Core::known_ground() const {
  const bool known = record_.cache == CacheTrust::full && touched_.listing();
  return known ? record_.ground : CommonGround{};
}

bool NodeEngine::Core::listed_together(const CommonGround& theirs) const {
  const CommonGround& own = record_.ground;
  if (planted(Bug::base_not_compared)) return own.cooled <= theirs.synced && theirs.cooled <= own.synced;
  if (planted(Bug::older_copy_trusted) && own.base != 0 && own.base == theirs.base) return true;
  return cover_together(own, theirs) && touched_.listing();
}

void NodeEngine::Core::forget_ground() { record_.ground = {}; }

// --- as primary ---

bool NodeEngine::Core::may_checkpoint() const {
  return is_primary() && in_sync(peer_) && stream_.peer() == PeerStanding::counted && stream_.attached() &&
         !leave_wanted_ && record_.cache == CacheTrust::full;
}

bool NodeEngine::Core::checkpoint_due() const {
  if (state() != RoleState::prim || !may_checkpoint() || stream_.last() == Lsn(0)) return false;
  if (checkpoint_) {
    context_.mark(Mark::checkpoint_still_under_way);
    return false;
  }
  const CommonCheckpoint& last = record_.ground.cooled;
  const bool known = cover_together(record_.ground, peer_ground_) && touched_.listing();
  if (known && last.reign == stream_.reign() && last.lsn == stream_.last()) {
    context_.mark(Mark::checkpoint_not_needed);
    return false;
  }
  return !known || context_.now - checkpoint_begun_ >= context_.settings.cooling_interval;
}

void NodeEngine::Core::begin_checkpoint() {
  context_.mark(Mark::checkpoint_begins);
  checkpoint_begun_ = context_.now;
  checkpoint_.emplace();
  checkpoint_->last = pipeline_.begun();
  checkpoint_->opens = touched_.begin_period();
  list_mismatches();
  checkpoint_->base = record_.ground.base;
  if (record_.ground.base == 0 || record_.ground.base != peer_ground_.base) {
    context_.mark(Mark::checkpoint_gives_base);
    checkpoint_->base = touched_.draw_identity().low | 1U;
  }
}

void NodeEngine::Core::continue_checkpoint() {
  CheckpointUnderWay& checkpoint = *checkpoint_;
  if (checkpoint.lsn == Lsn(0)) {
    if (!pipeline_.ordered(checkpoint.last)) return;
    checkpoint.lsn = stream_.last();
    checkpoint.sync = context_.next_ticket();
    context_.own_disk.sync_unhurried(checkpoint.sync);
    context_.send_peer(SyncAll{checkpoint.lsn});
    return;
  }
  const bool here = checkpoint.synced_here || planted(Bug::cools_before_own_sync);
  const bool there = checkpoint.synced_there || planted(Bug::cools_before_peers_sync);
  if (checkpoint.noted || !here || !there) return;
  checkpoint.noted = true;
  if (record_.ground.base != checkpoint.base) record_.ground = {checkpoint.base, {}, {}};
  record_.ground.synced = {stream_.reign(), checkpoint.lsn, checkpoint.opens};
  persist(CheckpointNoted{checkpoint.lsn});
}

void NodeEngine::Core::go_on(const CheckpointNoted& then) {
  if (!checkpoint_ || checkpoint_->lsn != then.lsn) {
    context_.mark(Mark::checkpoint_noted_too_late);
    return;
  }
  context_.send_peer(Cool{record_.ground.base, record_.ground.synced});
}

void NodeEngine::Core::receive(const SyncedAll& message) {
  if (checkpoint_ && checkpoint_->lsn == message.lsn) checkpoint_->synced_there = true;
}

void NodeEngine::Core::receive(const Cooled& message) {
  if (!checkpoint_ || !checkpoint_->noted || checkpoint_->lsn != message.lsn) {
    context_.mark(Mark::cooled_too_late);
    return;
  }
  record_.ground.cooled = record_.ground.synced;
  peer_ground_ = record_.ground;
  persist(CoolingNoted{message.lsn, true});
}

// --- as replica ---

void NodeEngine::Core::receive(const SyncAll& message) {
  if (!replica_.attached() || state() != RoleState::secondary) {
    context_.mark(Mark::sync_all_too_late);
    return;
  }
  sync_all_wanted_ = message.lsn;
}

void NodeEngine::Core::receive(const Cool& message) {
  const bool ours = state() == RoleState::secondary && replica_.attached() && in_sync(self_) &&
                    message.checkpoint.reign == replica_.reign() && sync_all_ == Ticket(0) &&
                    (sync_all_covers_ == message.checkpoint.lsn || planted(Bug::cools_before_peers_sync)) &&
                    record_.cache == CacheTrust::full;
  if (!ours) {
    context_.mark(Mark::cool_too_late);
    return;
  }
  // If it becomes the primary before this is noted, it must be listing already.
  touched_.start_listing();
  record_.ground = {message.base, message.checkpoint, message.checkpoint};
  persist(CoolingNoted{message.checkpoint.lsn, false});
}

// --- both ---

void NodeEngine::Core::go_on(const CoolingNoted& then) {
  context_.ports.volume.identify_in(record_.ground.cooled.opens);
  if (then.as_primary) {
    if (!is_primary() || !checkpoint_ || checkpoint_->lsn != then.lsn || record_.ground.cooled.lsn != then.lsn) {
      context_.mark(Mark::cooled_too_late);
      return;
    }
    context_.mark(Mark::checkpoint_cools);
    touched_.drop_before(checkpoint_->opens);
    checkpoint_.reset();
    return;
  }
  if (state() != RoleState::secondary || record_.ground.cooled.lsn != then.lsn) {
    context_.mark(Mark::cool_too_late);
    return;
  }
  context_.mark(Mark::replica_cools);
  touched_.drop_all();
  context_.send_peer(Cooled{then.lsn});
}

bool NodeEngine::Core::synced_all(const io::Synced& event) {
  if (checkpoint_ && checkpoint_->sync == event.ticket) {
    checkpoint_->sync = Ticket(0);
    checkpoint_->synced_here = event.error == 0;
    if (event.error != 0) checkpoint_.reset();
    return true;
  }
  if (sync_all_ != event.ticket) return false;
  sync_all_ = Ticket(0);
  if (event.error != 0) sync_all_covers_ = Lsn(0);
  if (sync_all_covers_ != Lsn(0) && replica_.attached()) {
    context_.send_peer(SyncedAll{sync_all_covers_});
  }
  return true;
}

void NodeEngine::Core::go_on(const ListGivenUp&) {
  giving_up_ = false;
  touched_.give_up();
  pipeline_.release();
  handle(target_.planned_listed());
}

void NodeEngine::Core::tend_ground() {
  const Duration patience = context_.settings.cooling_interval * checkpoint_intervals_max;
  const bool hangs = checkpoint_ && context_.now - checkpoint_begun_ > patience;
  if (checkpoint_ && (hangs || !may_checkpoint() || !touched_.listing())) {
    context_.mark(Mark::checkpoint_abandoned);
    checkpoint_.reset();
  }
  if (checkpoint_) continue_checkpoint();
  if (sync_all_wanted_ && sync_all_ == Ticket(0) && replica_.applied() >= *sync_all_wanted_) {
    sync_all_covers_ = *sync_all_wanted_;
    sync_all_wanted_.reset();
    sync_all_ = context_.next_ticket();
    context_.own_disk.sync_unhurried(sync_all_);
  }
  if (touched_.overflowed() && !giving_up_) {
    giving_up_ = true;
    forget_ground();
    persist(ListGivenUp{});
  }
}

}  // namespace lockstep::engine
