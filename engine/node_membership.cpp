// Who may be what: heartbeats, leases, the configuration register.
#include "engine/node_core.h"
#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::engine {

namespace {
/// A primary is in contact with a voter that has answered within so many heartbeats.
constexpr std::int64_t contact_heartbeats = 3;
/// How long before the lease ends the application is stopped, so that it is gone when it does.
Duration stop_margin(const Settings& settings) { return settings.timeout / 8; }
}  // namespace

void NodeEngine::Core::heartbeat() {
  context_.ports.timers.arm(io::TimerId::heartbeat, context_.now + context_.settings.heartbeat_interval);
  send_heartbeats();
  watch_lease();
  watch_peer();
  source_.heartbeat();
  try_attach();
}

void NodeEngine::Core::send_heartbeats() {
  Heartbeat message;
  message.sent_at = context_.now;
  message.wants_lease = is_primary() && !handing_over_ && known().primary == self_;
  message.state = {
      record_.generation,         known(), record_.complete, intact_, state() != RoleState::stopped, is_primary(),
      state() == RoleState::alone};
  if (message.wants_lease && voter_->grant_lease(self_, known(), context_.now)) {
    lease_.granted(voter(self_), context_.now);
  }
  if (context_.peer_up) send_voter(voter(peer_), message);
  if (context_.witness_up) send_voter(VoterId::witness, message);
}

void NodeEngine::Core::receive(VoterId from, const Heartbeat& message) {
  if (from != voter(peer_)) return;
  peer_state_ = message.state;
  const bool granted = message.wants_lease && message.state.decided.primary == peer_ &&
                       voter_->grant_lease(peer_, message.state.decided, context_.now);
  send_voter(from, HeartbeatReply{message.sent_at, granted});
  if (message.state.decided.initialised()) decided(message.state.decided, false);
  const bool following = state() == RoleState::joining || state() == RoleState::secondary;
  if (following && !message.state.primary) lose_stream("the primary has stepped down");
  try_attach();
}

void NodeEngine::Core::receive(VoterId from, const HeartbeatReply& message) {
  // An answer to a heartbeat of an earlier reign promises nothing to this one.
  if (!message.granted || !is_primary() || handing_over_ || message.sent_at < lease_wanted_since_) return;
  lease_.granted(from, message.sent_at);
  contact_[static_cast<std::size_t>(from)] = context_.now;
  watch_lease();
}

void NodeEngine::Core::watch_lease() {
  if (!is_primary()) return;
  const Instant now = context_.now;
  if (service_due_) {
    if (lease_.held(now + stop_margin(context_.settings))) {
      service_due_ = false;
      context_.ports.trace.record(io::LeaseHeld{known().epoch, lease_.until()});
      context_.ports.trace.record(io::ApplicationStarting{known().epoch});
      service_.start();
    } else if (now > lease_wanted_since_ + context_.settings.timeout * 2) {
      reason_ = "elected, but no majority grants the lease";
      process(RoleEvent::lease_lost);
    }
    return;
  }
  if (service_.idle()) return;
  if (now + stop_margin(context_.settings) < lease_.until()) {
    context_.ports.trace.record(io::LeaseHeld{known().epoch, lease_.until()});
    return;
  }
  if (planted(Bug::keep_writing_without_lease)) return;
  reason_ = "isolated: neither the other node nor the witness has confirmed this primary in time";
  process(RoleEvent::lease_lost);
}

bool NodeEngine::Core::majority_in_contact() const {
  const Duration longest = context_.settings.heartbeat_interval * contact_heartbeats;
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
    writable_ = writable;
    context_.ports.trace.record(io::WritableChanged{writable, known().epoch});
  }
  pipeline_.set_hold(!may);
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
  const Configuration accepted = record_.voter.accepted;
  const bool early = planted(Bug::vote_before_persisted);
  if (early) send_voter(to, answer);
  persist([this, to, answer, accepted, early] {
    if (const auto* vote = std::get_if<Accepted>(&answer)) {
      context_.ports.trace.record(io::VoteCast{vote->ballot.value, accepted});
    }
    if (!early) send_voter(to, answer);
  });
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

void NodeEngine::Core::send_voters(const Message& message) {
  for (const VoterId to : {voter(self_), voter(peer_), VoterId::witness}) send_voter(to, message);
}

// --- changes of the register ---

// The pause differs from node to node, so that two proposers do not foil each other for ever, and grows, so that a slow
// link's answers come before the next round makes them worthless.
void NodeEngine::Core::arm_register_retry() {
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
  const auto jitter = milliseconds(static_cast<std::int64_t>((random_ >> 33U) % 100));
  context_.ports.timers.arm(io::TimerId::register_retry, context_.now + register_pause_ + jitter);
  register_pause_ = std::min(register_pause_ * 2, context_.settings.timeout);
}

void NodeEngine::Core::pursue() {
  const Intent wanted = wanted_change();
  // What is not wanted any more may be decided nevertheless; then it is learned like anybody else's change.
  if (proposer_.busy() && wanted != intent_) proposer_.abandon();
  if (wanted == Intent::none || proposer_.busy()) return;
  intent_ = wanted;
  register_pause_ = milliseconds(100);
  arm_register_retry();
  send_voters(proposer_.begin([this, wanted](const Configuration& current) { return change(wanted, current); }));
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
  if (state() != RoleState::waiting || !cleaned_up_) return Intent::none;
  if (force_until_ && context_.now < *force_until_) return Intent::force;
  if (initialise_wanted_ && !known().initialised()) return Intent::initialise;
  return should_try_take_over() ? Intent::take_over : Intent::none;
}

Configuration NodeEngine::Core::change(Intent intent, const Configuration& current) const {
  const Epoch next = current.epoch.next();
  const bool ours = current.initialised() && current.primary == self_;
  switch (intent) {
    case Intent::none: break;
    case Intent::initialise:
      if (!current.initialised()) return {next, self_, Members::only(self_)};
      break;
    case Intent::take_over:
      if (may_take_over(current)) return {next, self_, Members::only(self_)};
      break;
    case Intent::force: return {next, self_, Members::only(self_)};
    case Intent::leave_peer_out:
      if (ours && current.members == Members::both()) return {next, self_, Members::only(self_)};
      break;
    case Intent::admit_peer:
      if (ours && current.epoch == known().epoch) return {next, self_, Members::both()};
      break;
    case Intent::hand_over:
      if (ours && current.epoch == known().epoch && current.members == Members::both()) {
        return {next, peer_, succession_ == Succession::peer_with_us ? Members::both() : Members::only(peer_)};
      }
      break;
  }
  return current;
}

bool NodeEngine::Core::may_take_over(const Configuration& current) const {
  if (!current.initialised() || !record_.complete) return false;
  if (planted(Bug::promote_while_stale)) return true;
  if (!current.members.contains(self_)) return false;
  // Nobody else has more: the only member, or one that lost nothing, or whose every acknowledgement is on disk.
  if (current.members == Members::only(self_) || intact_) return true;
  if (context_.settings.durability == Durability::durable) return true;
  // Both lost what was not on disk: what was promised beyond that is gone on either; the last primary goes on.
  return context_.peer_up && peer_state_ && !peer_state_->intact && !peer_state_->primary && current.primary == self_;
}

bool NodeEngine::Core::should_try_take_over() const {
  if (wish_ != Wish::run || !known().initialised() || !record_.complete || !replica_.idle()) return false;
  if (context_.now < take_over_not_before_ || voter_->lease_held_against(self_, context_.now)) return false;
  if (!context_.peer_up) return true;
  if (!peer_state_ || peer_state_->primary) return false;
  // The last primary is the first to try, so that the active side is not needlessly moved.
  const bool peer_goes_first = known().primary == peer_ && known().members.contains(peer_) && peer_state_->running &&
                               (peer_state_->intact || !intact_);
  const Instant since = std::max(waiting_since_, peer_up_since_);
  return !peer_goes_first || context_.now - since >= context_.settings.timeout;
}

void NodeEngine::Core::receive(VoterId from, const Promise& message) {
  const auto accept = proposer_.receive(from, message);
  if (!accept) return;
  if (is_primary() && !handing_over_ && accept->value.primary != self_) {
    // Another node's election is under way. Confirming it would end the grants that this node's service still runs
    // under (I15): the service ends first, and the other node confirms its election itself.
    proposer_.abandon();
    reason_ = "another primary is being elected";
    return process(RoleEvent::lease_lost);
  }
  send_voters(*accept);
}

void NodeEngine::Core::receive(VoterId /*from*/, const Refused& message) {
  proposer_.seen(message.promised);  // the retry timer begins the next round, above it
}

void NodeEngine::Core::receive(VoterId from, const Accepted& message) {
  const auto outcome = proposer_.receive(from, message);
  if (!outcome) return;
  const Intent intent = intent_;
  intent_ = Intent::none;
  context_.ports.timers.cancel(io::TimerId::register_retry);
  if (intent == Intent::take_over && !outcome->changed) {
    take_over_not_before_ = context_.now + context_.settings.timeout;
  }
  force_until_.reset();
  initialise_wanted_ = false;
  const bool election = intent == Intent::take_over || intent == Intent::force || intent == Intent::initialise;
  if (outcome->decided.initialised()) decided(outcome->decided, election && outcome->changed);
  // Confirmed without a change: an admission that was under way has come to nothing.
  if (intent == Intent::leave_peer_out && is_primary() && known() == outcome->decided && !in_sync(peer_)) {
    leave_wanted_ = false;
    stream_.release_peer();
    pipeline_.release();
  }
  if (outcome->changed) context_.send_peer(Decided{outcome->decided});
}

void NodeEngine::Core::decided(const Configuration& configuration, bool by_own_change) {
  if (configuration.epoch <= known().epoch) return;
  record_.decided = configuration;
  persist();
  context_.ports.trace.record(io::ConfigurationDecided{configuration});
  if (is_primary()) {
    if (configuration.primary != self_) {
      if (state() == RoleState::demoting && service_.idle()) return finish_stepping_down();
      reason_ = "another primary was elected";
      return process(RoleEvent::lease_lost);
    }
    stream_.set_epoch(configuration.epoch);
    if (in_sync(peer_)) {
      reason_ = "both nodes are in sync";
      return process(RoleEvent::peer_admitted);
    }
    leave_wanted_ = false;
    stream_.release_peer();
    process(RoleEvent::peer_left);
    return pipeline_.release();
  }
  if (configuration.primary == self_) {
    const bool handed_over = state() == RoleState::secondary && replica_.attached() && replica_.idle();
    const bool elected = by_own_change && state() == RoleState::waiting;
    if (!elected && !handed_over) return;
    reason_ = elected ? "took over" : "the other node handed over";
    process(RoleEvent::elected);
    persist();
    return send_heartbeats();
  }
  if (in_sync(self_)) {
    if (state() == RoleState::joining && target_.finished()) {
      reason_ = "up to date";
      target_.abandon();
      process(RoleEvent::admitted);
    }
    return;
  }
  // A joining node is not in the configuration yet, whatever its epoch; a secondary that is not has been left out.
  if (state() == RoleState::secondary) lose_stream("left out by the primary");
}

}  // namespace lockstep::engine
