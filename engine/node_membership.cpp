// Who is there, and who may be what: heartbeats, leases, votes.
#include "engine/node_core.h"
#include "engine/planted.h"

#include <algorithm>

namespace lockstep::engine {

namespace {
/// A primary is in contact with a voter that has answered within so many heartbeats.
constexpr std::int64_t contact_heartbeats = 3;
Duration contact_max(const Settings& settings) { return settings.heartbeat_interval * contact_heartbeats; }
}  // namespace

void NodeEngine::Core::heartbeat() {
  context_.ports.timers.arm(io::TimerId::heartbeat, context_.now + context_.settings.heartbeat_interval);
  send_heartbeats();
  watch_lease();
  watch_peer();
  watch_own_disk();
  source_.heartbeat();
  verify_target_.heartbeat();
  try_attach();
}

void NodeEngine::Core::send_heartbeats() {
  Heartbeat message;
  message.sent_at = context_.now;
  message.wants_lease = is_primary() && !handing_over_ && known().primary == self_;
  message.state = {
      record_.generation,         known(), record_.complete, intact_, state() != RoleState::stopped, is_primary(),
      state() == RoleState::alone};
  message.state.fit = !checks_.unfit();
  message.state.failed_lately = budget_.used(context_.now) > 0;
  if (target_.active()) {
    const ResyncProgress progress = target_.progress();
    message.state.resync_bytes_left = progress.bytes_left;
    message.state.resync_bytes_total = progress.bytes_total;
  }
  if (message.wants_lease && voter_->grant_lease(self_, known(), context_.now)) {
    lease_.granted(voter(self_), context_.now);
    if (stand_in_grants()) {
      context_.mark(Mark::stand_in_grants);
      lease_.granted(VoterId::witness, context_.now);
      contact_[static_cast<std::size_t>(VoterId::witness)] = context_.now;
    }
  }
  for (const VoterId to : {voter(peer_), VoterId::witness}) {
    message.memory = recollection_->memory(to, voter_->record());
    send_voter(to, message);
  }
}

void NodeEngine::Core::receive(VoterId from, const Heartbeat& message) {
  if (from != voter(peer_)) return;
  hear(from, message.memory);
  peer_state_ = message.state;
  const bool granted = message.wants_lease && message.state.decided.primary == peer_ &&
                       voter_->grant_lease(peer_, message.state.decided, context_.now);
  if (message.wants_lease && !granted) context_.mark(Mark::peer_lease_refused);
  send_voter(from, HeartbeatReply{message.sent_at, granted, recollection_->memory(from, voter_->record())});
  if (message.state.decided.initialised()) decided(message.state.decided, false);
  // Also where only a resync was promised: nobody will keep that promise.
  const bool following = state() == RoleState::joining || state() == RoleState::secondary || target_.active();
  if (following && !message.state.primary) {
    context_.mark(Mark::primary_stepped_down);
    lose_stream("the primary has stepped down");
  }
  try_attach();
}

void NodeEngine::Core::receive(VoterId from, const HeartbeatReply& message) {
  hear(from, message.memory);
  // An answer to a heartbeat of an earlier reign promises nothing to this one.
  if (!message.granted || !is_primary() || handing_over_ || message.sent_at < lease_wanted_since_) {
    if (message.granted) {
      context_.mark(!is_primary()   ? Mark::grant_too_late
                    : handing_over_ ? Mark::grant_while_handing_over
                                    : Mark::grant_of_earlier_reign);
    }
    return;
  }
  lease_.granted(from, planted(Bug::lease_from_answer) ? context_.now : message.sent_at);
  contact_[static_cast<std::size_t>(from)] = context_.now;
  watch_lease();
}

void NodeEngine::Core::watch_lease() {
  if (!is_primary()) return;
  const Instant now = context_.now;
  if (service_due_ && salvage_.under_way()) {
    lease_wanted_since_ = now;
    return;
  }
  if (service_due_) {
    if (lease_.held(now + stop_margin(context_.settings.timeout)) || planted(Bug::start_before_lease)) {
      context_.mark(Mark::lease_first_held);
      service_due_ = false;
      context_.ports.trace.record(io::LeaseHeld{known().epoch, lease_.until()});
      context_.ports.trace.record(io::ApplicationStarting{known().epoch});
      service_.start();
    } else if (now > lease_wanted_since_ + context_.settings.timeout * 2) {
      context_.mark(Mark::lease_never_held);
      reason_ = "elected, but no majority grants the lease";
      process(RoleEvent::lease_lost);
    }
    return;
  }
  if (service_.idle()) return;
  if (now + stop_margin(context_.settings.timeout) < lease_.until()) {
    context_.ports.trace.record(io::LeaseHeld{known().epoch, lease_.until()});
    return;
  }
  if (planted(Bug::keep_writing_without_lease)) return;
  context_.mark(Mark::lease_runs_out);
  reason_ = context_.settings.has_third_vote()
                ? "isolated: neither the other node nor the witness has confirmed this primary in time"
                : "isolated: the other node has not confirmed this primary in time";
  process(RoleEvent::lease_lost);
}

bool NodeEngine::Core::majority_in_contact() const {
  const Duration longest = contact_max(context_.settings);
  const auto recent = [&](VoterId id) {
    const Instant at = contact_[static_cast<std::size_t>(id)];
    return at != Instant{} && context_.now - at <= longest;
  };
  return recent(voter(peer_)) || recent(VoterId::witness);
}

void NodeEngine::Core::update_hold() {
  const bool may = is_primary() && !service_due_ && lease_.held(context_.now) && majority_in_contact();
  const bool writable = may && !service_.idle();
  if (writable != writable_) {
    context_.mark(writable                    ? Mark::writable
                  : service_.idle()           ? Mark::not_writable_without_service
                  : lease_.held(context_.now) ? Mark::not_writable_without_contact
                                              : Mark::not_writable_without_lease);
    writable_ = writable;
    context_.ports.trace.record(io::WritableChanged{writable, known().epoch});
  }
  // What is acknowledged alone nobody else has: it must not be forgotten (judge_take_over).
  const bool noted = in_sync(peer_) || noted_epoch_ == known().epoch;
  pipeline_.set_hold(!may || !noted);
}

// --- the vote that a cluster without a third one lacks ---

bool NodeEngine::Core::isolated() const {
  if (context_.settings.has_third_vote()) return false;
  const bool silent = stand_in_.alone(context_.now) || planted(Bug::stand_in_while_heard);
  return silent && !voter_->lease_held_against(self_, context_.now);
}

bool NodeEngine::Core::stands_in() const {
  const bool forced = force_until_ && context_.now < *force_until_;
  return (stand_in_.licensed() || forced || planted(Bug::stand_in_while_waiting)) && isolated();
}

bool NodeEngine::Core::stand_in_votes() const {
  if (!stands_in()) return false;
  return intent_ == Intent::go_on_alone || intent_ == Intent::force || intent_ == Intent::leave_peer_out;
}

bool NodeEngine::Core::own_election_under_way() const {
  if (force_until_ && context_.now < *force_until_) return true;
  return std::any_of(persisting_.begin(), persisting_.end(), [](const auto& each) {
    const auto* vote = std::get_if<VoteStored>(&each.second);
    return vote != nullptr && vote->with_stand_in && std::holds_alternative<Accepted>(vote->answer);
  });
}

// A primary keeps its lease while the other node does not confirm it, whether that is silent or still holds another
// one for the primary: it only keeps what it has.
bool NodeEngine::Core::stand_in_grants() const {
  if (context_.settings.has_third_vote()) return false;
  if (service_due_) return stands_in();
  const bool confirmed = context_.now - lease_.asked_at(voter(peer_)) <= contact_max(context_.settings);
  const bool held = lease_.held(context_.now) || planted(Bug::lease_taken_up_again);
  return stand_in_.licensed() && !confirmed && held;
}

void NodeEngine::Core::watch_isolation() {
  const bool follows = state() == RoleState::secondary && peer_heard_ == context_.now;
  if (follows || (is_primary() && lease_.held(context_.now))) stand_in_.keeps_abreast(context_.now);
  const bool alone = stands_in();
  if (alone == stood_in_) return;
  stood_in_ = alone;
  context_.mark(alone ? Mark::isolation_begins : Mark::isolation_ends);
  ask_again();
}

void NodeEngine::Core::set_suffrage() {
  if (!stands_in()) return voter_->set_suffrage(recollection_->suffrage());
  voter_->set_suffrage(recollection_->remembers() ? Suffrage::full : Suffrage::forced_elections);
}

// --- votes ---

void NodeEngine::Core::receive(VoterId from, const Prepare& message) {
  proposer_.seen(message.ballot);
  vote(from, voter_->prepare(static_cast<NodeId>(from), message, context_.now));
}

void NodeEngine::Core::receive(VoterId from, const Accept& message) {
  proposer_.seen(message.ballot);
  vote(from, voter_->accept(static_cast<NodeId>(from), message, context_.now));
}

// A refusal binds nobody and may leave at once; a vote leaves when the journal has it (I2).
void NodeEngine::Core::vote(VoterId to, const Message& answer) {
  if (std::holds_alternative<Refused>(answer)) return send_voter(to, answer);
  record_.voter = voter_->record();
  // Only a forced election has the vote of a voter that has forgotten something.
  if (std::holds_alternative<Accepted>(answer) && !recollection_->remembers()) {
    context_.mark(Mark::memory_forced);
    context_.note("this node votes again without knowing what it had promised: an administrator forced an election");
    recollection_->forced();
    record_.remembers = true;
    set_suffrage();
  }
  const Configuration accepted = record_.voter.accepted;
  const bool early = planted(Bug::vote_before_persisted);
  if (early) send_voter(to, answer);
  persist(VoteStored{to, answer, accepted, early, to == voter(self_) && stand_in_votes()});
}

void NodeEngine::Core::go_on(const VoteStored& then) {
  if (const auto* vote = std::get_if<Accepted>(&then.answer)) {
    context_.ports.trace.record(io::VoteCast{vote->ballot.value, then.accepted});
  }
  if (!then.early) send_voter(then.to, then.answer);
  if (then.with_stand_in) stand_in_voted(then);
}

void NodeEngine::Core::stand_in_voted(const VoteStored& vote) {
  if (const auto* promise = std::get_if<Promise>(&vote.answer)) return receive(VoterId::witness, *promise);
  const auto& accepted = std::get<Accepted>(vote.answer);
  context_.mark(Mark::stand_in_votes);
  context_.ports.trace.record(io::VoteCast{accepted.ballot.value, vote.accepted, true});
  if (intent_ == Intent::leave_peer_out) reason_ = "isolated; went on alone: the other node may have gone on, too";
  receive(VoterId::witness, accepted);
  // Decided it is, also where it is not wanted any more.
  decided(vote.accepted, false);
}

void NodeEngine::Core::send_voter(VoterId to, const Message& message) {
  if (to == VoterId::witness) {
    if (context_.witness_up) context_.ports.link.send(io::Endpoint::witness, encode(message));
  } else if (to == voter(peer_)) {
    context_.send_peer(message);
  } else if (const auto* prepare = std::get_if<Prepare>(&message)) {
    receive(to, *prepare);
  } else if (const auto* accept = std::get_if<Accept>(&message)) {
    receive(to, *accept);
  } else if (const auto* promise = std::get_if<Promise>(&message)) {
    receive(to, *promise);
  } else if (const auto* accepted = std::get_if<Accepted>(&message)) {
    receive(to, *accepted);
  } else if (const auto* refused = std::get_if<Refused>(&message)) {
    receive(to, *refused);
  }
}

void NodeEngine::Core::send_others(const Message& message) {
  for (const VoterId to : {voter(peer_), VoterId::witness}) send_voter(to, message);
}

// Who did not vote a moment ago does now: the next round need not wait for its time.
void NodeEngine::Core::ask_again() {
  set_suffrage();
  if (!proposer_.busy() || !recollection_->may_vote()) return;
  context_.mark(Mark::memory_asks_again);
  register_pause_ = milliseconds(100);
  arm_register_retry();
  propose(proposer_.again());
}

void NodeEngine::Core::hear(VoterId from, const VoterMemory& memory) {
  const bool silent_before = !recollection_->may_vote() || !recollection_->remembers(from);
  const Recollection::Lesson lesson = recollection_->hear(from, memory, known().initialised());
  if (lesson == Recollection::Lesson::forgotten) {
    context_.mark(is_primary() ? Mark::memory_older_copy_as_primary : Mark::memory_older_copy);
    context_.note("others know more of this node's votes than its journal does: its disk holds an older copy");
    record_.remembers = false;
    if (!planted(Bug::older_copy_trusted)) forget_ground();
    // Where nobody else hears of elections, what it has elected may bear the number of one that it has forgotten.
    if (!context_.settings.has_third_vote()) record_.history = {};
    if (!is_primary()) {
      record_.complete = false;
      intact_ = false;
      lose_place("this node's disk holds an older copy");
    }
    persist();
  } else if (lesson == Recollection::Lesson::learned) {
    context_.mark(Mark::memory_learned);
    voter_->adopt(recollection_->learned());
    proposer_.seen(voter_->record().promised);
    record_.voter = voter_->record();
    record_.remembers = true;
    persist(VotesLearned{});
  }
  set_suffrage();
  if (silent_before && memory.remembers) ask_again();
}

void NodeEngine::Core::go_on(const VotesLearned&) {
  recollection_->remembered();
  ask_again();
}

}  // namespace lockstep::engine
