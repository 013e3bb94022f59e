// Being primary: the service comes up under a lease, goes down in order or at once, and is handed over.
#include "engine/node_core.h"
#include "engine/planted.h"
#include "engine/values/check.h"

namespace lockstep::engine {

void NodeEngine::Core::start_service() {
  const bool counted = in_sync(peer_);
  context_.mark(counted ? Mark::reign_begins_with_peer : Mark::reign_begins_alone);
  stream_.begin(known().epoch, replica_.applied(), counted ? PeerStanding::counted : PeerStanding::out);
  replica_.detach();
  target_.abandon();
  verify_target_.abandon();
  touched_.begin_reign(known().epoch);
  record_.history = known().epoch;
  record_.conflict = 0;
  record_.kept = KeptAside::nothing;
  // A resync that was cut short may have parked whole directories out of sight, which nobody has listed.
  if (!record_.complete) {
    forget_ground();
    salvage_.expect();
    persist(GroundForgotten{});
  }
  peer_ground_ = {};
  sync_all_wanted_.reset();
  sync_all_covers_ = Lsn(0);
  pipeline_.open();
  if (record_.cache != CacheTrust::full) pipeline_.distrust_disk();
  lease_.drop();
  contact_ = {};
  lease_wanted_since_ = context_.now;
  service_due_ = true;
  // From now on its tree is what counts: nobody can hold more.
  intact_ = true;
  leave_wanted_ = false;
  peer_rejoined_ = false;
  succession_ = Succession::none;
  handing_over_ = false;
  if (counted) {
    context_.ports.timers.arm(io::TimerId::link_grace, context_.now + context_.settings.timeout);
  }
}

// The application has not noticed that this program ended: it waits in the mount, as if a request took long. If this
// node is elected again, in the time that a primary's lease has, it goes on.
void NodeEngine::Core::hold_service() {
  context_.mark(Mark::boot_with_held_service);
  context_.note("the application runs on from before, and waits until this node is the primary again");
  service_.hold();
  held_until_ = context_.now + context_.settings.timeout;
  cleaned_up_ = true;
  wish_ = Wish::run;
  process(RoleEvent::start_requested);
}

void NodeEngine::Core::tend_held_service() {
  if (!service_.held() || planted(Bug::held_service_kept)) return;
  const bool too_late = context_.now >= held_until_;
  if (is_primary()) {
    if (!too_late || state() == RoleState::demoting) return;
    context_.mark(Mark::held_service_without_lease);
    reason_ = "elected, but no majority grants the lease";
    return process(RoleEvent::lease_lost);
  }
  const bool replaced = known().primary != self_ || state() != RoleState::waiting;
  if (!replaced && !too_late && wish_ == Wish::run) return;
  context_.mark(replaced   ? Mark::held_service_replaced
                : too_late ? Mark::held_service_too_late
                           : Mark::held_service_unwanted);
  context_.note("the application that runs from before is ended: this node has not become the primary again");
  cleaned_up_ = false;
  service_.abort();
}

void NodeEngine::Core::stop_service() {
  service_due_ = false;
  salvage_.abandon();
  service_.stop();
}

void NodeEngine::Core::abort_service() {
  service_due_ = false;
  salvage_.abandon();
  succession_ = Succession::none;
  handing_over_ = false;
  pipeline_.close();
  service_.abort();
}

void NodeEngine::Core::unknown_transition(std::string_view state, std::string_view event) {
  context_.ports.trace.record(io::UnknownTransition{state, event});
  check_failed("role table", "I18: an event that the transition table does not know never happens", __FILE__, __LINE__);
}

void NodeEngine::Core::go_on(const GroundForgotten&) {
  if (salvage_.expected()) salvage_.begin();
}

void NodeEngine::Core::handle(Salvage::Outcome outcome) {
  switch (outcome) {
    case Salvage::Outcome::none: return;
    case Salvage::Outcome::done:
      context_.mark(Mark::salvage_done);
      record_.complete = true;
      persist();
      return watch_lease();
    case Salvage::Outcome::failed:
      context_.mark(Mark::salvage_failed);
      reason_ = "what an unfinished resync has left cannot be put in order on this node's disk";
      wish_ = Wish::stopped;
      return process(RoleEvent::service_failed);
  }
}

void NodeEngine::Core::handle(Service::Outcome outcome) {
  switch (outcome) {
    case Service::Outcome::none:
    case Service::Outcome::mounted: return;
    case Service::Outcome::ready:
      if (state() == RoleState::promoting) process(RoleEvent::service_ready);
      return;
    case Service::Outcome::failed:
      // Started again at once it would most likely fail again: it is left to the other node, or to a person.
      reason_ = service_.error();
      wish_ = Wish::stopped;
      succession_ = in_sync(peer_) ? Succession::peer_alone : Succession::none;
      if (state() == RoleState::demoting) {
        context_.mark(Mark::service_failed_on_the_way_down);
        return service_.stop();
      }
      context_.mark(succession_ == Succession::none ? Mark::service_failed_alone : Mark::service_failed_with_successor);
      return process(RoleEvent::service_failed);
    case Service::Outcome::gone:
      if (!cleaned_up_) {
        cleaned_up_ = true;
        // What an earlier life may have granted it had granted to itself, and that is over.
        voter_->forget_grant_to(self_);
        context_.mark(wish_ != Wish::stopped ? Mark::boot_goes_on : Mark::boot_stays_stopped);
        if (wish_ != Wish::stopped && state() == RoleState::stopped) process(RoleEvent::start_requested);
        return;
      }
      pipeline_.close();
      step_down_until_ = context_.now + context_.settings.timeout;
      return;
  }
}

void NodeEngine::Core::step_down(Succession succession, std::string why) {
  LOCKSTEP_CHECK(is_primary() && state() != RoleState::demoting, "only a primary steps down, once");
  succession_ = in_sync(peer_) ? succession : Succession::none;
  reason_ = std::move(why);
  step_down_until_ = context_.now + context_.settings.timeout;
  process(RoleEvent::step_down);
}

// The kernel reports a failed write-back once and takes the pages for clean: they read well, and no later sync writes
// them. So this node is brought up to date by writing everything anew, and until then it promises nothing.
void NodeEngine::Core::lost_writes() {
  context_.mark(Mark::local_sync_failed);
  intact_ = false;
  ++record_.failed_syncs;
  if (record_.cache == CacheTrust::full) distrust_cache();
  persist();
  // While it follows, what it follows fails with it; else it must not come back to where its disk may lack something.
  if (!is_primary() && !replica_.attached()) lose_place("a sync of this node's disk has failed");
  if (!is_primary()) return;
  pipeline_.distrust_disk();
  distrust_own_disk();
}

void NodeEngine::Core::distrust_cache() {
  context_.note("a sync of this node's disk has failed: its contents are not trusted until they are written anew");
  record_.cache = cache_retained_ ? CacheTrust::after_power_loss : CacheTrust::after_rewriting;
}

void NodeEngine::Core::distrust_own_disk() {
  const std::string why = "this node's disk failed to keep a write (fsync); it answers every further fsync with EIO";
  if (state() == RoleState::demoting) {
    context_.mark(Mark::disk_failed_on_the_way_down);
    if (succession_ == Succession::peer_with_us) succession_ = Succession::peer_alone;
  } else if (in_sync(peer_)) {
    context_.mark(Mark::disk_failed_with_peer);
    step_down(Succession::peer_alone, why);
  } else {
    context_.mark(Mark::disk_failed_alone);
    reason_ = why;
  }
}

bool NodeEngine::Core::own_disk_hangs() const {
  // Twice as long as the other node has: if both hang, that one is left out first, and there is nobody to hand over to.
  return context_.own_disk.silent_for() > context_.settings.timeout * 2;
}

// A disk that hangs answers nothing, and may do so for minutes: the application is ended at once, since it could not
// end by itself, and the other node goes on with everything that was acknowledged.
void NodeEngine::Core::watch_own_disk() {
  if (!is_primary() || !in_sync(peer_) || !stream_.attached() || service_.idle() || !own_disk_hangs()) return;
  if (state() == RoleState::demoting) {
    if (succession_ == Succession::peer_with_us) succession_ = Succession::peer_alone;
  } else {
    step_down(Succession::peer_alone, "this node's disk does not answer");
  }
  service_due_ = false;
  pipeline_.close();
  service_.abort();
}

// The mount is closed: nothing new can come. The successor must have everything before it is proposed.
void NodeEngine::Core::continue_stepping_down() {
  const bool stopped = service_.idle() || planted(Bug::hand_over_before_stopped);
  if (state() != RoleState::demoting || !stopped) return;
  const bool successor = succession_ != Succession::none && in_sync(peer_) && !leave_wanted_;
  if (!successor || context_.now >= step_down_until_) {
    context_.mark(!successor      ? Mark::steps_down_without_successor
                  : handing_over_ ? Mark::hand_over_undecided_in_time
                                  : Mark::hand_over_not_drained_in_time);
    return finish_stepping_down();
  }
  if (handing_over_) return;
  // What a disk that hangs has not applied yet has no place in the stream and was not acknowledged.
  const bool left_behind = succession_ == Succession::peer_alone && own_disk_hangs();
  const bool settled = pipeline_.settled() || left_behind || planted(Bug::hand_over_before_settled);
  if (!settled || !stream_.attached() || !stream_.window_empty()) {
    context_.mark(Mark::hand_over_waits_until_drained);
    return;
  }
  handing_over_ = true;
  lease_.drop();
}

void NodeEngine::Core::finish_stepping_down() {
  // Only an orderly swap leaves both trees equal at a known place of the new reign.
  const bool swapped = handing_over_ && known().primary == peer_ && in_sync(self_) && record_.cache == CacheTrust::full;
  context_.mark(swapped ? Mark::swapped : Mark::stepped_down_without_swap);
  replica_.set_position(swapped ? known().epoch : Epoch(0), stream_.last());
  handing_over_ = false;
  succession_ = Succession::none;
  leave_wanted_ = false;
  pipeline_.close();  // what is still being applied gets its place all the same; before that there is no new reign
  source_.abandon();
  stream_.release_peer();
  lease_.drop();
  context_.ports.timers.cancel(io::TimerId::link_grace);
  persist();
  process(RoleEvent::stepped_down);
  send_heartbeats();
}

}  // namespace lockstep::engine
