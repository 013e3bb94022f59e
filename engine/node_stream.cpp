// The connection to the other node: attaching to its stream, serving ours, resync, and what goes wrong with it.
#include "engine/node_core.h"
#include "engine/planted.h"

#include <cstring>

namespace lockstep::engine {

namespace {
/// An Attach that got no answer is sent again after this long.
constexpr Duration attach_retry = milliseconds(1000);
/// After its own disk refused an operation a replica waits this long before it tries again.
constexpr Duration pause_after_failure = milliseconds(5000);
}  // namespace

void NodeEngine::Core::receive_peer(const Message& message) {
  if (const auto* news = std::get_if<Decided>(&message)) return decided(news->configuration, false);
  if (const auto* attach = std::get_if<Attach>(&message)) return receive(*attach);
  if (const auto* attached = std::get_if<Attached>(&message)) return receive(*attached);
  if (const auto* operation = std::get_if<StreamOperation>(&message)) {
    if (!is_primary()) handle(replica_.receive(*operation));
    return;
  }
  if (const auto* progress = std::get_if<StreamAcknowledgement>(&message)) return receive(*progress);
  if (const auto* failed = std::get_if<StreamFailed>(&message)) return receive(*failed);
  if (std::holds_alternative<Farewell>(message)) return leave_peer_out("the other node was stopped");
  if (std::holds_alternative<SwapRequest>(message)) {
    if (state() == RoleState::prim) step_down(Succession::peer_with_us, "swap asked for on the other node");
    return;
  }
  if (const auto* part = std::get_if<ManifestPart>(&message)) return receive(*part);
  if (const auto* pull = std::get_if<Pull>(&message)) {
    if (is_primary() && stream_.attached()) source_.pull(*pull);
    return;
  }
  if (const auto* caught_up = std::get_if<CaughtUp>(&message)) return receive(*caught_up);
}

// --- as primary ---

void NodeEngine::Core::receive(const Attach& message) {
  const bool serving = state() == RoleState::promoting || state() == RoleState::alone || state() == RoleState::prim;
  if (!serving || stream_.attached() || source_.scanning() || !source_.ready() || leave_wanted_) return;
  if (stream_.can_resume(message.reign, message.lsn)) {
    context_.mark("stream resumed");
    context_.ports.timers.cancel(io::TimerId::link_grace);
    context_.send_peer(Attached{stream_.reign(), false});
    stream_.resume(message.lsn);
    return;
  }
  if (stream_.peer() == PeerStanding::counted) {
    // It has lost its place, e.g. in a restart: it must be left out before it can be brought up to date.
    return leave_peer_out("the other node has lost its place in the stream");
  }
  if (state() != RoleState::alone) return;
  context_.note("resync of the other node begins");
  context_.send_peer(Attached{stream_.reign(), true});
  source_.begin();
}

void NodeEngine::Core::receive(const StreamAcknowledgement& message) {
  if (!is_primary()) return;
  if (stream_.acknowledged(message)) {
    // Progress: the wait begins anew.
    if (!planted(Bug::stale_acknowledgement_timer)) context_.ports.timers.cancel(io::TimerId::acknowledgement);
    acknowledgement_armed_ = false;
  }
  pipeline_.release();
}

void NodeEngine::Core::receive(const CaughtUp&) {
  if (!is_primary() || stream_.peer() != PeerStanding::following || !stream_.attached()) return;
  context_.mark("joiner caught up");
  stream_.count_peer();
}

void NodeEngine::Core::receive(const StreamFailed& message) {
  leave_peer_out("the other node could not apply operation " + std::to_string(message.lsn.value) + " (errno " +
                 std::to_string(message.error) + "): see its disk");
}

// Leaving is decided at a majority before the first acknowledgement without the peer (I5): until then everything
// that waits for it goes on waiting.
void NodeEngine::Core::leave_peer_out(const std::string& why) {
  if (!is_primary()) return;
  if (source_.scanning()) {
    source_.abandon();
    context_.ports.link.reset(io::Endpoint::peer);
  }
  if (stream_.peer() == PeerStanding::out) return;
  context_.note("leaving the other node out: " + why);
  if (!leave_wanted_) reason_ = "the other node was left out: " + why;
  source_.abandon();
  stream_.detach();
  context_.ports.timers.cancel(io::TimerId::link_grace);
  if (context_.peer_up) context_.ports.link.reset(io::Endpoint::peer);
  if (stream_.peer() == PeerStanding::following) {
    stream_.release_peer();
  } else {
    leave_wanted_ = true;
    if (planted(Bug::leave_after_acknowledging)) {
      stream_.release_peer();
      pipeline_.release();
    }
  }
}

void NodeEngine::Core::arm_acknowledgement() {
  const bool waiting = is_primary() && stream_.peer() == PeerStanding::counted &&
                       (!stream_.window_empty() || !in_sync(peer_));  // for an acknowledgement, or an admission
  if (!waiting || leave_wanted_) {
    if (acknowledgement_armed_) context_.ports.timers.cancel(io::TimerId::acknowledgement);
    acknowledgement_armed_ = false;
  } else if (!acknowledgement_armed_) {
    acknowledgement_armed_ = true;
    context_.ports.timers.arm(io::TimerId::acknowledgement, context_.now + context_.settings.timeout);
  }
}

// --- the connection ---

void NodeEngine::Core::peer_lost() {
  context_.peer_up = false;
  peer_state_.reset();
  attach_sent_.reset();
  if (is_primary()) {
    source_.abandon();
    if (stream_.peer() == PeerStanding::following) stream_.release_peer();
    if (stream_.peer() == PeerStanding::counted) {
      stream_.detach();
      context_.ports.timers.arm(io::TimerId::link_grace, context_.now + context_.settings.link_grace);
    }
  }
  lose_stream("the connection to the primary is lost");
}

void NodeEngine::Core::watch_peer() {
  if (context_.peer_up && context_.now - peer_heard_ > context_.settings.timeout) {
    context_.note("the other node is silent; the connection is given up");
    context_.ports.link.reset(io::Endpoint::peer);
  }
}

// --- as replica ---

void NodeEngine::Core::try_attach() {
  if (state() != RoleState::waiting || !cleaned_up_ || !context_.peer_up || !peer_state_ || !peer_state_->primary)
    return;
  if (target_.active() || !replica_.idle() || context_.now < attach_not_before_) return;
  if (attach_sent_ && context_.now - *attach_sent_ < attach_retry) return;
  if (!in_sync(self_) && !peer_state_->admits) return;
  if (known().primary != peer_) return;
  attach_sent_ = context_.now;
  context_.send_peer(Attach{replica_.reign(), replica_.applied()});
}

void NodeEngine::Core::receive(const Attached& message) {
  if (state() != RoleState::waiting || target_.active() || !replica_.idle()) {
    context_.ports.link.reset(io::Endpoint::peer);
    return;
  }
  attach_sent_.reset();
  if (message.resync) {
    target_.expect(message.reign);
    return;
  }
  replica_.resume(message.reign, replica_.applied());
  reason_ = "up to date";
  process(RoleEvent::stream_resumed);
}

void NodeEngine::Core::receive(const ManifestPart& message) {
  if (is_primary()) return;
  handle(target_.manifest(message));
}

void NodeEngine::Core::handle(ResyncTarget::Outcome outcome) {
  if (outcome == ResyncTarget::Outcome::none) return;
  // How long a scan or a sync takes nobody knows; that the primary lives is seen by its heartbeats.
  if (target_.waits_for_primary()) {
    context_.ports.timers.arm(io::TimerId::resync, context_.now + context_.settings.resync_timeout);
  } else {
    context_.ports.timers.cancel(io::TimerId::resync);
  }
  switch (outcome) {
    case ResyncTarget::Outcome::none:
    case ResyncTarget::Outcome::progress: return;
    case ResyncTarget::Outcome::begins:
      reason_ = "being brought up to date by the primary";
      process(RoleEvent::resync_began);
      record_.complete = false;
      persist([this] { target_.tree_marked(); });
      return;
    case ResyncTarget::Outcome::data_complete:
      record_.complete = true;
      persist([this] {
        if (!target_.finished()) return;
        intact_ = true;
        context_.send_peer(CaughtUp{replica_.applied()});
      });
      return;
    case ResyncTarget::Outcome::failed:
      attach_not_before_ = context_.now + pause_after_failure;
      context_.note("resync failed: " + target_.error());
      lose_stream("the resync failed: " + target_.error());
      context_.ports.link.reset(io::Endpoint::peer);
      return;
  }
}

void NodeEngine::Core::handle(std::optional<ReplicaStream::Outcome> outcome) {
  if (!outcome) return;
  switch (*outcome) {
    case ReplicaStream::Outcome::fine:
      if (target_.active()) handle(target_.check());
      return;
    case ReplicaStream::Outcome::protocol_error:
      context_.note("the stream does not fit; the connection is given up");
      context_.ports.link.reset(io::Endpoint::peer);
      return;
    case ReplicaStream::Outcome::failed:
      // What came behind the failed operation may have been applied: this tree is no state of the primary's.
      intact_ = false;
      record_.complete = false;
      persist();
      attach_not_before_ = context_.now + pause_after_failure;
      lose_stream("this node's disk refused an operation of the stream");
      return;
  }
}

void NodeEngine::Core::drop_stream() {
  context_.ports.timers.cancel(io::TimerId::resync);
  target_.abandon();
  replica_.detach();
}

void NodeEngine::Core::lose_stream(std::string why) {
  const bool following = replica_.attached() || target_.active();
  drop_stream();
  if (following && context_.peer_up) context_.ports.link.reset(io::Endpoint::peer);
  if (state() == RoleState::joining || state() == RoleState::secondary) {
    reason_ = std::move(why);
    process(RoleEvent::stream_lost);
  }
}

}  // namespace lockstep::engine
