// The connection to the other node: attaching to its stream, serving ours, resync, and what goes wrong with it.
#include "engine/cluster/forced_election.h"
#include "engine/node_core.h"
#include "engine/planted.h"

#include <cerrno>
#include <cstring>

namespace lockstep::engine {

namespace {
/// An Attach that got no answer is sent again after this long.
constexpr Duration attach_retry = milliseconds(1000);
/// After its own disk refused an operation a replica waits this long before it tries again.
constexpr Duration pause_after_failure = milliseconds(5000);

/// Errors that say something of the disk, and nothing of what the tree holds.
bool disk_refuses(int error) {
  return error == EIO || error == ENOSPC || error == EDQUOT || error == EROFS || error == ENOMEM;
}
}  // namespace

void NodeEngine::Core::receive_peer(const Message& message) {
  if (const auto* news = std::get_if<Decided>(&message)) return decided(news->configuration, false);
  if (const auto* attach = std::get_if<Attach>(&message)) return receive(*attach);
  if (const auto* attached = std::get_if<Attached>(&message)) return receive(*attached);
  if (const auto* operation = std::get_if<StreamOperation>(&message)) {
    if (!is_primary()) return handle(replica_.receive(*operation));
    context_.mark(Mark::operation_for_a_primary);
    return;
  }
  if (const auto* progress = std::get_if<StreamAcknowledgement>(&message)) return receive(*progress);
  if (const auto* failed = std::get_if<StreamFailed>(&message)) return receive(*failed);
  if (std::holds_alternative<Farewell>(message)) {
    context_.mark(Mark::farewell);
    return leave_peer_out("the other node was stopped");
  }
  if (std::holds_alternative<SwapRequest>(message)) {
    context_.mark(state() == RoleState::prim ? Mark::swap_request_granted : Mark::swap_request_too_late);
    if (state() == RoleState::prim) step_down(Succession::peer_with_us, "swap asked for on the other node");
    return;
  }
  if (const auto* part = std::get_if<ManifestPart>(&message)) return receive(*part);
  if (const auto* pull = std::get_if<Pull>(&message)) {
    if (is_primary() && stream_.attached()) source_.pull(*pull);
    return;
  }
  if (const auto* caught_up = std::get_if<CaughtUp>(&message)) return receive(*caught_up);
  if (const auto* all = std::get_if<SyncAll>(&message)) return receive(*all);
  if (const auto* all = std::get_if<SyncedAll>(&message)) return receive(*all);
  if (const auto* cool = std::get_if<Cool>(&message)) return receive(*cool);
  if (const auto* cooled = std::get_if<Cooled>(&message)) return receive(*cooled);
  if (const auto* region = std::get_if<VerifyRegion>(&message)) return receive(*region);
  if (const auto* names = std::get_if<VerifyNames>(&message)) return receive(*names);
  if (const auto* answer = std::get_if<Verified>(&message)) return verify_source_.answered(*answer);
}

// --- as primary ---

void NodeEngine::Core::receive(const Attach& message) {
  const bool serving = state() == RoleState::promoting || state() == RoleState::alone || state() == RoleState::prim;
  if (!serving || stream_.attached() || source_.walking() || !source_.ready() || leave_wanted_) {
    context_.mark(!serving            ? Mark::attach_not_serving
                  : leave_wanted_     ? Mark::attach_being_left_out
                  : source_.walking() ? Mark::attach_while_scanning
                  : !source_.ready()  ? Mark::attach_after_failed_read
                                      : Mark::attach_twice);
    return;
  }
  if (stream_.can_resume(message.reign, message.lsn)) {
    context_.mark(Mark::stream_resumed);
    context_.ports.timers.cancel(io::TimerId::link_grace);
    context_.send_peer(Attached{stream_.reign(), Comparison::nothing, 0});
    peer_ground_ = message.ground;
    stream_.resume(message.lsn);
    return;
  }
  if (stream_.peer() == PeerStanding::counted) {
    context_.mark(Mark::peer_lost_its_place);
    // It has lost its place, e.g. in a restart: it must be left out before it can be brought up to date.
    return leave_peer_out("the other node has lost its place in the stream");
  }
  if (state() != RoleState::alone) {
    context_.mark(Mark::resync_not_before_service);
    return;
  }
  // The application's writes would wait behind a survey that waits for the index.
  if (!indexed_) {
    context_.mark(Mark::attach_before_index);
    return;
  }
  context_.mark(Mark::resync_offered);
  peer_ground_ = message.ground;
  const CommonGround& own = record_.ground;
  if (listed_together(message.ground)) {
    context_.mark(Mark::resync_of_touched);
    context_.note("the other node returns: what either node has listed is compared");
    const Period young = young_from(own, message.ground);
    context_.send_peer(Attached{stream_.reign(), Comparison::touched, young});
    return source_.begin(message.touches, touched_.all(), young);
  }
  context_.mark(own.base == 0 || !touched_.listing() ? Mark::resync_without_own_ground
                : message.ground.base == 0           ? Mark::resync_without_its_ground
                : own.base != message.ground.base    ? Mark::resync_of_another_base
                                                     : Mark::resync_of_older_ground);
  context_.note("the other node returns: everything is compared");
  context_.send_peer(Attached{stream_.reign(), Comparison::everything, 0});
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
  if (!is_primary() || stream_.peer() != PeerStanding::following || !stream_.attached()) {
    context_.mark(Mark::caught_up_too_late);
    return;
  }
  context_.mark(Mark::joiner_caught_up);
  stream_.count_peer();
}

void NodeEngine::Core::receive(const StreamFailed& message) {
  context_.mark(Mark::peer_could_not_apply);
  leave_peer_out("the other node could not apply operation " + std::to_string(message.lsn.value) + " (errno " +
                 std::to_string(message.error) + "): see its disk");
}

// Leaving is decided at a majority before the first acknowledgement without the peer (I5): until then everything
// that waits for it goes on waiting.
void NodeEngine::Core::leave_peer_out(const std::string& why) {
  if (!is_primary()) return;
  if (source_.scanning()) {
    context_.mark(Mark::leave_ends_scan);
    source_.abandon();
    context_.ports.link.reset(io::Endpoint::peer);
  }
  if (stream_.peer() == PeerStanding::out) return;
  // The connection carries no stream any more, but may carry the vote that is needed.
  if (leave_wanted_ && !planted(Bug::leaving_ends_connections)) {
    context_.mark(Mark::leave_wanted_already);
    return;
  }
  context_.note("leaving the other node out: " + why);
  if (!leave_wanted_) reason_ = "the other node was left out: " + why;
  source_.abandon();
  stream_.detach();
  context_.ports.timers.cancel(io::TimerId::link_grace);
  if (context_.peer_up) context_.ports.link.reset(io::Endpoint::peer);
  if (stream_.peer() == PeerStanding::following) {
    context_.mark(Mark::leave_ends_resync);
    stream_.release_peer();
  } else {
    context_.mark(Mark::leave_wanted);
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
    const bool kept = planted(Bug::admission_keeps_timer);
    if (acknowledgement_armed_ && !kept) context_.ports.timers.cancel(io::TimerId::acknowledgement);
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
    verify_source_.interrupt();
    if (stream_.peer() == PeerStanding::following) {
      context_.mark(Mark::link_lost_in_resync);
      stream_.release_peer();
    }
    if (stream_.peer() == PeerStanding::counted) {
      context_.mark(Mark::link_lost_in_stream);
      stream_.detach();
      context_.ports.timers.arm(io::TimerId::link_grace, context_.now + context_.settings.link_grace);
    }
  }
  lose_stream("the connection to the primary is lost");
}

// A node with much to compare says nothing for seconds; while one of them is brought up to date nothing waits for it.
void NodeEngine::Core::watch_peer() {
  const bool follows = is_primary() && stream_.peer() == PeerStanding::following;
  const Duration patience = follows ? context_.settings.resync_timeout : context_.settings.timeout;
  if (context_.peer_up && context_.now - peer_heard_ > patience) {
    context_.mark(Mark::peer_silent);
    context_.note("the other node is silent; the connection is given up");
    context_.ports.link.reset(io::Endpoint::peer);
  }
}

// --- as replica ---

void NodeEngine::Core::try_attach() {
  const bool free = state() == RoleState::waiting && cleaned_up_ && !service_.held();
  if (!free || !context_.peer_up || !peer_state_ || !peer_state_->primary) return;
  const bool idle = replica_.idle() || planted(Bug::attach_while_applying);
  const bool keeping = target_.keeper().unsettled();
  if (target_.active() || !idle || keeping || !indexed_ || context_.now < attach_not_before_ || own_disk_hangs()) {
    context_.mark(target_.active()   ? Mark::attach_waits_for_resync
                  : !replica_.idle() ? Mark::attach_waits_for_volume
                  : keeping          ? Mark::attach_waits_for_keeping
                  : !indexed_        ? Mark::attach_waits_for_index
                                     : Mark::attach_pauses);
    return;
  }
  if (attach_sent_ && context_.now - *attach_sent_ < attach_retry) return;
  if (own_election_under_way() && !planted(Bug::replaced_primary_copies)) {
    context_.mark(Mark::attach_waits_for_own_election);
    return;
  }
  if (!in_sync(self_) && !peer_state_->admits) {
    context_.mark(Mark::attach_waits_for_primary);
    return;
  }
  if (known().primary != peer_) {
    context_.mark(Mark::attach_waits_for_news);
    return;
  }
  context_.mark(attach_sent_ ? Mark::attach_repeated : Mark::attach_sent);
  attach_sent_ = context_.now;
  if (planted(Bug::resume_too_early) && replica_.applied() > Lsn(0)) {
    replica_.set_position(replica_.reign(), Lsn(replica_.applied().value - 1));
  }
  if (planted(Bug::resume_too_late)) replica_.set_position(replica_.reign(), replica_.applied().next());
  const CommonGround ground = known_ground();
  sent_touches_ = ground.base == 0 ? std::vector<Touch>{} : touched_.all();
  context_.send_peer(Attach{replica_.reign(), replica_.applied(), ground, sent_touches_});
  if (planted(Bug::cleared_when_sent)) touched_.drop_all();
}

void NodeEngine::Core::receive(const Attached& message) {
  const bool idle = replica_.idle() || planted(Bug::attach_while_applying);
  const bool replaced = known().primary != peer_ && !planted(Bug::replaced_primary_copies);
  if (state() != RoleState::waiting || target_.active() || !idle || replaced) {
    context_.mark(Mark::attached_too_late);
    context_.ports.link.reset(io::Endpoint::peer);
    return;
  }
  attach_sent_.reset();
  if (message.comparison == Comparison::touched) {
    return target_.expect_part(message.reign, std::exchange(sent_touches_, {}), message.young_from);
  }
  if (message.comparison == Comparison::everything) {
    return target_.expect(message.reign, record_.cache == CacheTrust::full);
  }
  context_.mark(Mark::attached_without_resync);
  replica_.resume(message.reign, replica_.applied());
  reason_ = "up to date";
  process(RoleEvent::stream_resumed);
}

void NodeEngine::Core::receive(const ManifestPart& message) {
  if (is_primary()) {
    context_.mark(Mark::manifest_for_a_primary);
    return;
  }
  handle(target_.manifest(message));
}

void NodeEngine::Core::handle(ResyncTarget::Outcome outcome) {
  if (outcome == ResyncTarget::Outcome::none) return;
  // How long a scan or a sync takes nobody knows; that the primary lives is seen by its heartbeats.
  if (target_.waits_for_primary()) {
    context_.ports.timers.arm(io::TimerId::resync, context_.now + resync_patience_);
  } else {
    context_.ports.timers.cancel(io::TimerId::resync);
  }
  switch (outcome) {
    case ResyncTarget::Outcome::none:
    case ResyncTarget::Outcome::progress: return;
    case ResyncTarget::Outcome::begins:
      context_.mark(Mark::resync_begins);
      reason_ = "being brought up to date by the primary";
      process(RoleEvent::resync_began);
      record_.complete = false;
      end_conflict();
      // What a comparison of everything creates is not listed: if it is cut short, so is the next one's ground.
      if (!target_.partial()) forget_ground();
      persist(TreeMarked{});
      return;
    case ResyncTarget::Outcome::planned:
      if (touched_.admits(target_.to_list())) handle(target_.planned_listed());
      return;
    case ResyncTarget::Outcome::misfit:
      context_.note("the resync does not fit: " + target_.error() + "; everything will be compared");
      forget_ground();
      persist();
      lose_stream("the resync does not fit: " + target_.error());
      context_.ports.link.reset(io::Endpoint::peer);
      return;
    case ResyncTarget::Outcome::data_complete:
      record_.complete = true;
      record_.history = target_.reign();
      record_.conflict = 0;
      record_.kept = KeptAside::nothing;
      record_.cache = CacheTrust::full;  // either it was, or all of it has been written anew and synced
      persist(TreeComplete{});
      return;
    case ResyncTarget::Outcome::failed:
      context_.mark(Mark::resync_failed);
      attach_not_before_ = context_.now + pause_after_failure;
      context_.note("resync failed: " + target_.error());
      lose_stream("the resync failed: " + target_.error());
      context_.ports.link.reset(io::Endpoint::peer);
      return;
  }
}

// Inside one series of epochs everything that was acknowledged is the primary's, too. Across a forced election nobody
// knows. That this tree was a part of the other history is forgotten with the completion of a resync only: until then
// each attempt keeps what the ones before have not.
void NodeEngine::Core::end_conflict() {
  const bool another = forced_series(target_.reign()) != forced_series(record_.history) &&
                       (context_.settings.has_third_vote() || !planted(Bug::lone_history_not_kept));
  if (!another && record_.conflict == 0 && !planted(Bug::lagging_set_aside)) return;
  context_.mark(record_.conflict == 0 ? Mark::resync_ends_conflict : Mark::resync_ends_conflict_again);
  if (record_.conflict == 0 || planted(Bug::conflict_drawn_anew)) {
    record_.conflict = touched_.draw_identity().low | 1U;
    record_.kept = KeptAside::nothing;
  }
  // Whatever an earlier attempt has brought is the primary's, and not to be kept.
  if (record_.kept == KeptAside::whole || (record_.kept == KeptAside::part && target_.partial())) {
    context_.mark(Mark::kept_already);
    return;
  }
  reason_ = "being brought up to date by the primary; what the primary may not have is kept aside first";
  target_.keep({record_.conflict, record_.history, target_.reign()});
  if (!planted(Bug::history_noted_at_the_beginning)) return;
  record_.history = target_.reign();
  record_.conflict = 0;
}

// It may be noted late, and again: then the next attempt keeps more than it has to.
void NodeEngine::Core::note_kept() {
  const KeptAside kept = target_.partial() ? KeptAside::part : KeptAside::whole;
  if (record_.conflict == 0 || !target_.keeper().finished() || record_.kept >= kept) return;
  record_.kept = kept;
  persist();
}

void NodeEngine::Core::go_on(const TreeMarked&) { target_.tree_marked(); }

void NodeEngine::Core::go_on(const TreeComplete&) {
  if (!target_.finished()) {
    context_.mark(Mark::resync_complete_too_late);
    return;
  }
  context_.mark(Mark::resync_complete);
  resync_patience_ = context_.settings.resync_timeout;
  intact_ = true;
  replica_.acknowledge();
  context_.send_peer(CaughtUp{replica_.applied()});
}

void NodeEngine::Core::handle(std::optional<ReplicaStream::Outcome> outcome) {
  if (!outcome) return;
  switch (*outcome) {
    case ReplicaStream::Outcome::fine:
      if (target_.active()) handle(target_.check());
      return;
    case ReplicaStream::Outcome::protocol_error:
      context_.mark(Mark::stream_does_not_fit);
      context_.note("the stream does not fit; the connection is given up");
      context_.ports.link.reset(io::Endpoint::peer);
      return;
    case ReplicaStream::Outcome::failed:
      context_.mark(Mark::replica_failed);
      if (is_primary()) return;
      // Nothing that came behind it is applied (io/volume.h). So where the disk refused, the tree stays a state of the
      // primary's, as good as it was for going on alone; where the operation did not fit, it was none.
      if (!disk_refuses(replica_.error())) {
        intact_ = false;
        record_.complete = false;
        forget_ground();
        persist();
      }
      attach_not_before_ = context_.now + pause_after_failure;
      lose_stream("this node's disk refused an operation of the stream");
      return;
  }
}

void NodeEngine::Core::drop_stream() {
  context_.ports.timers.cancel(io::TimerId::resync);
  target_.abandon();
  verify_target_.abandon();
  replica_.detach();
  sync_all_wanted_.reset();
  sync_all_covers_ = Lsn(0);
}

void NodeEngine::Core::lose_place(std::string why) {
  replica_.set_position(Epoch(0), replica_.applied());
  // The answer to an Attach that said otherwise must not come any more.
  if (attach_sent_) context_.ports.link.reset(io::Endpoint::peer);
  lose_stream(std::move(why));
}

void NodeEngine::Core::lose_stream(std::string why) {
  const bool following = replica_.attached() || target_.active();
  drop_stream();
  if (following && context_.peer_up) context_.ports.link.reset(io::Endpoint::peer);
  if (state() == RoleState::joining || state() == RoleState::secondary) {
    context_.mark(state() == RoleState::joining ? Mark::resync_lost : Mark::stream_lost);
    reason_ = std::move(why);
    process(RoleEvent::stream_lost);
  }
}

}  // namespace lockstep::engine
