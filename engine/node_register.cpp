// Changes of the configuration register: what this node wants decided, whether it may, and what follows from a
// decision.
#include "engine/cluster/forced_election.h"
#include "engine/node_core.h"
#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::engine {

// The pause differs from node to node, so that two proposers do not foil each other for ever, and grows, so that a slow
// link's answers come before the next round makes them worthless: the further where no vote comes by another way.
void NodeEngine::Core::arm_register_retry() {
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
  const auto jitter = milliseconds(static_cast<std::int64_t>((random_ >> 33U) % 100));
  context_.ports.timers.arm(io::TimerId::register_retry, context_.now + register_pause_ + jitter);
  const bool one_way = !context_.settings.has_third_vote() && context_.peer_up;
  register_pause_ = std::min(register_pause_ * 2, context_.settings.timeout * (one_way ? 4 : 1));
}

void NodeEngine::Core::pursue() {
  const Intent wanted = wanted_change();
  // What is not wanted any more may be decided nevertheless; then it is learned like anybody else's change.
  if (proposer_.busy() && wanted != intent_) {
    context_.mark(Mark::change_abandoned);
    proposer_.abandon();
  }
  if (wanted == Intent::none || proposer_.busy()) return;
  context_.mark(mark_of(wanted));
  intent_ = wanted;
  register_pause_ = milliseconds(100);
  arm_register_retry();
  const bool apart = wanted == Intent::force || wanted == Intent::go_on_alone;
  propose(apart ? proposer_.force(change_of(wanted)) : proposer_.begin(change_of(wanted)));
}

// This node promises first. The others are asked when that is on disk: then whatever one of them promises and forgets
// (engine/cluster/recollection.h) is known here.
void NodeEngine::Core::propose(Prepare prepare) {
  prepare.forced = intent_ == Intent::force;
  receive(voter(self_), prepare);
}

Mark NodeEngine::Core::mark_of(Intent intent) {
  switch (intent) {
    case Intent::none: break;
    case Intent::initialise: return Mark::intent_initialise;
    case Intent::take_over: return Mark::intent_take_over;
    case Intent::force: return Mark::intent_force;
    case Intent::leave_peer_out: return Mark::intent_leave_peer_out;
    case Intent::admit_peer: return Mark::intent_admit_peer;
    case Intent::hand_over: return Mark::intent_hand_over;
    case Intent::go_on_alone: return Mark::intent_go_on_alone;
  }
  check_failed("mark_of", "what is proposed is one of the intents", __FILE__, __LINE__);
}

NodeEngine::Core::Intent NodeEngine::Core::wanted_change() const {
  if (handing_over_) return Intent::hand_over;
  if (is_primary()) {
    // An application that is being stopped still writes, and must not wait for a peer that is gone.
    const bool ended = state() == RoleState::demoting && service_.idle();
    if (ended || service_due_) return Intent::none;
    if (leave_wanted_) return Intent::leave_peer_out;
    const bool ready = stream_.caught_up() || (planted(Bug::admit_before_caught_up) && stream_.attached());
    if (state() == RoleState::alone && !in_sync(peer_) && ready) return Intent::admit_peer;
    return Intent::none;
  }
  // What an earlier reign has left to be applied would change the tree behind a new one's back.
  if (state() != RoleState::waiting || !cleaned_up_ || context_.own_disk.changing()) return Intent::none;
  if (force_until_ && context_.now < *force_until_) return Intent::force;
  if (initialise_wanted_ && !known().initialised()) return Intent::initialise;
  if (!should_try_take_over()) return Intent::none;
  return needs_stand_in() ? Intent::go_on_alone : Intent::take_over;
}

Change NodeEngine::Core::change_of(Intent intent) {
  return [this, intent](const Configuration& current) { return change(intent, current); };
}

Configuration NodeEngine::Core::change(Intent intent, const Configuration& current) const {
  const Epoch next = current.epoch.next();
  const bool ours = current.initialised() && current.primary == self_;
  switch (intent) {
    case Intent::none: break;
    case Intent::initialise:
      if (!current.initialised()) return {next, self_, Members::only(self_)};
      context_.mark(Mark::initialised_by_other);
      break;
    case Intent::take_over: {
      const TakeOver judgement = judge_take_over(current);
      context_.mark(mark_of(judgement));
      if (judgement == TakeOver::unheard_of) return {next, self_, Members::both()};
      if (may_take_over(current)) {
        // What was forced upon a mixture stays that until the mixture has been put in order.
        return {record_.complete ? next : forced_epoch(current.epoch, self_), self_, Members::only(self_)};
      }
      break;
    }
    case Intent::go_on_alone:
      if (!may_take_over(current)) break;
      if (planted(Bug::alone_with_ordinary_epoch)) return {next, self_, Members::only(self_)};
      return {forced_epoch(current.epoch, self_), self_, Members::only(self_)};
    case Intent::force: return {forced_epoch(current.epoch, self_), self_, Members::only(self_)};
    case Intent::leave_peer_out:
      if (ours && current.members == Members::both()) return {next, self_, Members::only(self_)};
      context_.mark(ours ? Mark::leave_not_needed : Mark::leave_superseded);
      break;
    case Intent::admit_peer:
      if (ours && current.epoch == known().epoch) return {next, self_, Members::both()};
      context_.mark(Mark::admission_superseded);
      break;
    case Intent::hand_over:
      if (ours && current.epoch == known().epoch && current.members == Members::both()) {
        return {next, peer_, succession_ == Succession::peer_with_us ? Members::both() : Members::only(peer_)};
      }
      context_.mark(Mark::hand_over_superseded);
      break;
  }
  return current;
}

NodeEngine::Core::TakeOver NodeEngine::Core::judge_take_over(const Configuration& current) const {
  if (!current.initialised()) return TakeOver::nothing_decided;
  if (!record_.complete && !forced_upon(current)) return TakeOver::tree_is_mixture;
  if (!current.members.contains(self_)) return TakeOver::not_a_member;
  // Of what this node has lost the other has all: alone it has acknowledged nothing, or it would know (noted_epoch_).
  // What left the other out may never have been decided.
  const bool lost_nothing = intact_ || context_.settings.durability == Durability::durable;
  if (current.members == Members::only(self_) && current != known() && known().members == Members::both() &&
      !lost_nothing) {
    return TakeOver::unheard_of;
  }
  // Nobody else has more: the only member, or one that lost nothing, or whose every acknowledgement is on disk.
  if (current.members == Members::only(self_)) return TakeOver::only_member;
  if (intact_) return TakeOver::intact;
  if (context_.settings.durability == Durability::durable) return TakeOver::every_acknowledgement_on_disk;
  // Both lost what was not on disk: what was promised beyond that is gone on either; the last primary goes on, or
  // the one that has a complete tree at all.
  if (!context_.peer_up || !peer_state_ || peer_state_->intact || peer_state_->primary) {
    return TakeOver::may_lack_something;
  }
  if (current.primary == self_) return TakeOver::both_lost_power;
  return peer_state_->complete ? TakeOver::may_lack_something : TakeOver::only_complete_tree;
}

Mark NodeEngine::Core::mark_of(TakeOver judgement) {
  switch (judgement) {
    case TakeOver::nothing_decided: return Mark::take_over_nothing_decided;
    case TakeOver::tree_is_mixture: return Mark::take_over_refused_mixture;
    case TakeOver::not_a_member: return Mark::take_over_refused_not_member;
    case TakeOver::may_lack_something: return Mark::take_over_refused_may_lack;
    case TakeOver::unheard_of: return Mark::take_over_undoes_leave;
    case TakeOver::only_member: return Mark::take_over_only_member;
    case TakeOver::intact: return Mark::take_over_intact;
    case TakeOver::every_acknowledgement_on_disk: return Mark::take_over_all_on_disk;
    case TakeOver::both_lost_power: return Mark::take_over_both_lost_power;
    case TakeOver::only_complete_tree: return Mark::take_over_only_complete_tree;
  }
  check_failed("mark_of", "a take-over is judged in one of these ways", __FILE__, __LINE__);
}

bool NodeEngine::Core::may_take_over(const Configuration& current) const {
  switch (judge_take_over(current)) {
    case TakeOver::nothing_decided:
    case TakeOver::unheard_of:
    case TakeOver::tree_is_mixture: return false;
    case TakeOver::not_a_member:
    case TakeOver::may_lack_something: return planted(Bug::promote_while_stale);
    case TakeOver::only_member:
    case TakeOver::intact:
    case TakeOver::every_acknowledgement_on_disk:
    case TakeOver::both_lost_power:
    case TakeOver::only_complete_tree: return true;
  }
  return false;
}

bool NodeEngine::Core::forced_upon(const Configuration& current) const {
  return current.primary == self_ && current.members == Members::only(self_) && is_forced_epoch(current.epoch, self_);
}

bool NodeEngine::Core::should_try_take_over() const {
  if (wish_ != Wish::run || !known().initialised() || !replica_.idle()) return false;
  if (!record_.complete && !forced_upon(known())) return false;
  if (context_.now < take_over_not_before_) {
    context_.mark(Mark::take_over_pauses);
    return false;
  }
  if (voter_->lease_held_against(self_, context_.now)) {
    context_.mark(Mark::take_over_waits_for_lease);
    return false;
  }
  if (checks_.unfit() && !planted(Bug::unfit_takes_over)) {
    context_.mark(Mark::take_over_waits_for_check);
    return false;
  }
  if (own_disk_hangs()) return false;
  if (needs_stand_in()) return may_go_on_alone();
  if (!context_.peer_up) return true;
  if (!peer_state_ || peer_state_->primary) return false;
  // The last primary is the first to try, so that the active side is not needlessly moved.
  const bool peer_goes_first = known().primary == peer_ && known().members.contains(peer_) && peer_state_->running &&
                               peer_state_->fit && (peer_state_->intact || !intact_);
  const Instant since = std::max(waiting_since_, peer_up_since_);
  if (!peer_goes_first) return true;
  const bool had_its_turn = context_.now - since >= context_.settings.timeout;
  context_.mark(had_its_turn ? Mark::take_over_after_peers_turn : Mark::take_over_lets_peer_go_first);
  return had_its_turn;
}

// The register is what this node remembers of it. What it has accepted and does not know to be decided counts, too: the
// other node may have decided it, or still may.
bool NodeEngine::Core::may_go_on_alone() const {
  if (!stands_in() || !recollection_->remembers()) return false;
  const Configuration& accepted = voter_->record().accepted;
  const Configuration newest = accepted.epoch > known().epoch ? accepted : known();
  if (!may_take_over(newest)) return false;
  const bool abreast = abreast_of(newest);
  if (!abreast) context_.mark(Mark::stale_does_not_go_alone);
  return abreast;
}

bool NodeEngine::Core::abreast_of(const Configuration& newest) const {
  return newest.members == Members::only(self_) || stand_in_.abreast(context_.now);
}

// The vote of the stand-in is on the disk with this node's own.
void NodeEngine::Core::recall_own_election() {
  const Configuration& accepted = record_.voter.accepted;
  const bool own = accepted.primary == self_ && accepted.members == Members::only(self_) &&
                   is_forced_epoch(accepted.epoch, self_) && accepted.epoch > record_.decided.epoch;
  if (!own || context_.settings.isolation != Isolation::takeover) return;
  context_.mark(Mark::boot_recalls_own_election);
  record_.decided = accepted;
}

void NodeEngine::Core::receive(VoterId from, const Promise& message) {
  if (from == voter(self_) && proposer_.busy() && message.ballot == proposer_.ballot()) {
    send_others(Prepare{message.ballot, intent_ == Intent::force});
  }
  const auto accept = proposer_.receive(from, message, known());
  if (!accept) return;
  if (intent_ == Intent::go_on_alone && !stand_in_votes()) {
    // Accepted by this node alone it would be neither decided nor forgotten.
    context_.mark(Mark::alone_no_more);
    return proposer_.abandon();
  }
  if (is_primary() && !handing_over_ && accept->value.primary != self_) {
    // Another node's election is under way. Confirming it would end the grants that this node's service still runs
    // under (I15): the service ends first, and the other node confirms its election itself.
    context_.mark(Mark::election_under_way);
    proposer_.abandon();
    reason_ = "another primary is being elected";
    return process(RoleEvent::lease_lost);
  }
  for (const VoterId to : {voter(self_), voter(peer_), VoterId::witness}) send_voter(to, *accept);
}

void NodeEngine::Core::receive(VoterId /*from*/, const Refused& message) {
  context_.mark(message.by_lease ? Mark::round_refused_by_lease : Mark::round_refused_by_ballot);
  proposer_.seen(message.promised);  // the retry timer begins the next round, above it
  register_pause_ = std::min(register_pause_, context_.settings.timeout);
}

void NodeEngine::Core::receive(VoterId from, const Accepted& message) {
  const auto outcome = proposer_.receive(from, message);
  if (!outcome) return;
  const Intent intent = intent_;
  intent_ = Intent::none;
  context_.ports.timers.cancel(io::TimerId::register_retry);
  if ((intent == Intent::take_over || intent == Intent::go_on_alone) && !outcome->changed) {
    context_.mark(Mark::take_over_came_to_nothing);
    take_over_not_before_ = context_.now + context_.settings.timeout;
  }
  force_until_.reset();
  initialise_wanted_ = false;
  const bool election = intent == Intent::take_over || intent == Intent::go_on_alone || intent == Intent::force ||
                        intent == Intent::initialise;
  const bool elected = election && outcome->changed && outcome->decided.members == Members::only(self_);
  if (intent == Intent::force && outcome->changed) stand_in_.vouch();
  if (outcome->decided.initialised()) decided(outcome->decided, elected);
  // Confirmed without a change: an admission that was under way has come to nothing.
  if (intent == Intent::leave_peer_out && is_primary() && known() == outcome->decided && !in_sync(peer_)) {
    context_.mark(Mark::admission_came_to_nothing);
    leave_wanted_ = false;
    stream_.release_peer();
    pipeline_.release();
  }
  if (outcome->changed) context_.send_peer(Decided{outcome->decided});
}

void NodeEngine::Core::go_on(const ConfigurationNoted& then) { noted_epoch_ = then.epoch; }

void NodeEngine::Core::decided(const Configuration& configuration, bool by_own_change) {
  const bool same = configuration.epoch == known().epoch && !planted(Bug::epoch_not_newer);
  if (configuration.epoch < known().epoch || same) return;
  record_.decided = configuration;
  if (configuration.members != Members::only(self_)) stand_in_.withdraw();
  persist(ConfigurationNoted{configuration.epoch});
  context_.ports.trace.record(io::ConfigurationDecided{configuration});
  if (is_primary()) {
    if (configuration.primary != self_) {
      if (state() == RoleState::demoting && service_.idle()) {
        context_.mark(Mark::successor_decided);
        return finish_stepping_down();
      }
      context_.mark(Mark::replaced_while_serving);
      reason_ = "another primary was elected";
      return process(RoleEvent::lease_lost);
    }
    stream_.set_epoch(configuration.epoch);
    if (in_sync(peer_)) {
      context_.mark(Mark::peer_admitted);
      reason_ = "both nodes are in sync";
      process(RoleEvent::peer_admitted);
      if (pipeline_.disk_failed()) distrust_own_disk();
      return;
    }
    context_.mark(Mark::peer_left_out);
    leave_wanted_ = false;
    stream_.release_peer();
    update_hold();  // nothing is acknowledged alone before the journal knows of it
    process(RoleEvent::peer_left);
    return pipeline_.release();
  }
  if (configuration.primary == self_) {
    const bool handed_over = state() == RoleState::secondary && replica_.attached() && replica_.idle();
    // What had been held may just be being ended: then this comes too late.
    const bool elected = by_own_change && state() == RoleState::waiting && cleaned_up_;
    if (!elected && !handed_over) {
      context_.mark(Mark::election_without_use);
      return;
    }
    context_.mark(elected ? Mark::elected_by_own_change : Mark::elected_by_hand_over);
    const bool alone = stands_in();
    reason_ = alone     ? "isolated; took over: the other node may have gone on, too"
              : elected ? "took over"
                        : "the other node handed over";
    process(RoleEvent::elected);
    persist();
    send_heartbeats();
    return watch_lease();
  }
  if (in_sync(self_)) {
    if (state() == RoleState::joining && target_.finished()) {
      context_.mark(Mark::admitted);
      reason_ = "up to date";
      target_.abandon();
      process(RoleEvent::admitted);
    }
    return;
  }
  // A joining node is not in the configuration yet, whatever its epoch; a secondary that is not has been left out.
  if (state() != RoleState::secondary) return;
  context_.mark(Mark::left_out);
  lose_stream("left out by the primary");
}

}  // namespace lockstep::engine
