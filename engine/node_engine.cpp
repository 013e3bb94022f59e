// Events in, each to the part of the engine that it concerns.
#include "engine/node_engine.h"

#include "engine/node_core.h"
#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lockstep::engine {

namespace {
/// How many times resync_timeout the patience with a resync grows to.
constexpr std::int64_t resync_patience_max = 16;
}  // namespace

NodeEngine::NodeEngine(const Settings& settings, NodePorts ports) : core_(std::make_unique<Core>(settings, ports)) {}
NodeEngine::~NodeEngine() = default;
void NodeEngine::step(Instant now, io::Event event) { core_->step(now, std::move(event)); }
Condition NodeEngine::condition() const { return core_->condition(); }
Status NodeEngine::status() const { return core_->status(); }

NodeEngine::Core::Core(const Settings& settings, NodePorts ports)
    : context_(settings, ports),
      self_(settings.self),
      peer_(other(settings.self)),
      stand_in_(settings),
      proposer_(settings.self, context_.mark),
      lease_(settings.timeout),
      resync_patience_(settings.resync_timeout),
      roles_(*this),
      service_(context_),
      checks_(context_),
      budget_(context_.settings),
      stream_(context_),
      touched_(context_),
      pipeline_(context_, stream_, touched_),
      replica_(context_),
      source_(context_, stream_),
      target_(context_, replica_),
      salvage_(context_),
      verify_source_(context_, stream_),
      verify_target_(context_) {}

void NodeEngine::Core::step(Instant now, io::Event event) {
  LOCKSTEP_CHECK(now >= context_.now, "a node's clock does not go back from step to step");
  context_.now = now;
  LOCKSTEP_CHECK(booted_ || std::holds_alternative<io::Booted>(event), "the first event is Booted");
  stand_in_.step(now);
  update_hold();  // time has passed: a lease may have run out before this event is even looked at
  std::visit([this](auto& alternative) { on(alternative); }, event);
  // Whatever happened may have made a change of the configuration due, or an answer possible.
  update_hold();
  continue_stepping_down();
  tend_held_service();
  watch_isolation();
  pursue();
  arm_acknowledgement();
  note_kept();
  tend_ground();
  tend_verify();
  tend_checks();
}

void NodeEngine::Core::process(RoleEvent event) {
  const RoleState before = state();
  roles_.process(event);
  const RoleState after = state();
  context_.ports.trace.record(io::RoleChanged{to_string(before), to_string(after), to_string(event)});
  if (before == after) return;
  if (after == RoleState::waiting) waiting_since_ = context_.now;
  if (before == RoleState::alone && after == RoleState::prim) peer_rejoined_ = true;
  if (after != RoleState::waiting) force_until_.reset();
  // `second` has done what it was asked for; from here on this node is as good as the other.
  if (after == RoleState::secondary && wish_ == Wish::second_only) wish_ = Wish::run;
}

bool NodeEngine::Core::is_primary() const {
  return state() == RoleState::promoting || state() == RoleState::alone || state() == RoleState::prim ||
         state() == RoleState::demoting;
}

void NodeEngine::Core::persist(std::optional<Continuation> then) {
  if (is_primary()) {
    record_.reign = stream_.reign();
    record_.lsn = stream_.last();
  } else if (replica_.reign() > record_.reign ||
             (replica_.reign() == record_.reign && replica_.applied() > record_.lsn)) {
    record_.reign = replica_.reign();
    record_.lsn = replica_.applied();
  }
  recollection_->storing(record_);
  const Ticket ticket = context_.next_ticket();
  if (then) persisting_.emplace(ticket, std::move(*then));
  context_.ports.journal.store(ticket, encode(record_));
}

void NodeEngine::Core::on(io::Booted& event) {
  LOCKSTEP_CHECK(!booted_, "Booted comes once");
  const std::optional<JournalRecord> record = decode_journal(event.journal);
  LOCKSTEP_CHECK(record.has_value(), "I13: the journal's record is of a version that this program knows");
  booted_ = true;
  // Without a journal nothing is known of the directory either: it may be that of a replaced machine.
  record_.complete = false;
  if (!event.journal.empty() && record->owner == voter(self_)) {
    record_ = *record;
  } else if (!event.journal.empty()) {
    context_.mark(Mark::boot_with_foreign_journal);
    context_.note("the journal is another machine's: this disk was cloned or exchanged, and counts as empty");
  }
  record_.owner = voter(self_);
  if (!planted(Bug::generation_not_raised)) ++record_.generation;
  recall_own_election();
  if (planted(Bug::epoch_forgotten)) record_.decided = {};
  random_ = event.seed;
  replica_.set_position(planted(Bug::restart_resumes) ? record_.reign : Epoch(0), record_.lsn);
  if (record_.tree != event.tree && record_.tree != 0 && !planted(Bug::another_directory_is_trusted)) {
    context_.mark(Mark::boot_with_other_directory);
    context_.note("the directory is another one than before: what it holds is not taken for this node's data");
    record_.complete = false;
    // Whatever it is a part of: in doubt it is kept aside.
    record_.history = {};
    record_.conflict = 0;
    record_.kept = KeptAside::nothing;
    forget_ground();
  }
  record_.tree = event.tree;
  // A log without its journal, or the other way round, says nothing.
  if (!touched_.load(event.touches, record_.ground.base != 0, event.seed)) {
    context_.mark(Mark::boot_with_damaged_touches);
    if (record_.ground.base != 0) {
      context_.note("the list of what may differ from the other node cannot be read: everything will be compared");
    }
    forget_ground();
  }
  context_.ports.volume.identify_in(record_.ground.cooled.opens);
  noted_epoch_ = record_.decided.epoch;
  cache_retained_ = event.retained;
  if (record_.cache == CacheTrust::after_power_loss && !event.retained) record_.cache = CacheTrust::full;
  // A sync may have failed without this node's hearing of it, if its process ended first; nothing reports it again.
  if (event.failed_syncs > record_.failed_syncs && record_.cache == CacheTrust::full) {
    context_.mark(Mark::boot_after_failed_sync);
    distrust_cache();
  }
  record_.failed_syncs = event.failed_syncs;
  intact_ =
      record_.complete && (event.retained || planted(Bug::power_loss_ignored)) && record_.cache == CacheTrust::full;
  context_.mark(event.journal.empty() ? Mark::boot_first
                : !record_.complete   ? Mark::boot_with_mixture
                : event.retained      ? Mark::boot_intact
                                      : Mark::boot_after_power_loss);
  // The earlier life of a held service was the primary, and has granted the lease to nobody else: whoever grants it to
  // the other node ends its own service in the same step.
  const bool holds = event.held && intact_ && known().primary == self_ && in_sync(self_);
  voter_.emplace(context_.settings, record_.voter, context_.now, context_.mark,
                 holds ? std::optional(self_) : std::nullopt);
  recollection_.emplace(voter(self_), record_, event.seed, others_of(context_.settings));
  voter_->set_suffrage(Suffrage::none);
  proposer_.seen(record_.voter.promised);
  wish_ = context_.settings.start_at_boot ? Wish::run : Wish::stopped;
  waiting_since_ = context_.now;
  verify_due_from_ = context_.now;
  persist();
  if (holds) {
    hold_service();
  } else {
    if (event.held) context_.mark(Mark::boot_ends_held_service);
    service_.clean_up(event.held);
  }
  context_.ports.timers.arm(io::TimerId::heartbeat, context_.now + context_.settings.heartbeat_interval);
  context_.ports.timers.arm(io::TimerId::checkpoint, context_.now + context_.settings.checkpoint_interval);
}

void NodeEngine::Core::on(io::LinkUp& event) {
  if (event.endpoint == io::Endpoint::peer) {
    context_.peer_up = true;
    peer_heard_ = context_.now;
    stand_in_.heard(context_.now);
    peer_up_since_ = context_.now;
    attach_sent_.reset();
  } else {
    context_.witness_up = true;
  }
  send_heartbeats();
  watch_lease();
}

void NodeEngine::Core::on(io::LinkDown& event) {
  if (event.endpoint == io::Endpoint::witness) {
    context_.witness_up = false;
    contact_[static_cast<std::size_t>(VoterId::witness)] = Instant{};
    return;
  }
  contact_[static_cast<std::size_t>(voter(peer_))] = Instant{};
  peer_lost();
}

void NodeEngine::Core::on(io::FrameArrived& event) {
  const std::optional<Message> message = decode(event.frame);
  if (!message) {
    context_.mark(Mark::frame_damaged);
    context_.note("a frame arrived damaged; the connection is given up");
    context_.ports.link.reset(event.endpoint);
    return;
  }
  const bool from_peer = event.endpoint == io::Endpoint::peer;
  const VoterId from = from_peer ? voter(peer_) : VoterId::witness;
  if (from_peer) {
    peer_heard_ = context_.now;
    stand_in_.heard(context_.now);
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&*message)) return receive(from, *heartbeat);
  if (const auto* reply = std::get_if<HeartbeatReply>(&*message)) return receive(from, *reply);
  if (const auto* prepare = std::get_if<Prepare>(&*message)) return receive(from, *prepare);
  if (const auto* promise = std::get_if<Promise>(&*message)) return receive(from, *promise);
  if (const auto* accept = std::get_if<Accept>(&*message)) return receive(from, *accept);
  if (const auto* accepted = std::get_if<Accepted>(&*message)) return receive(from, *accepted);
  if (const auto* refused = std::get_if<Refused>(&*message)) return receive(from, *refused);
  if (from_peer) receive_peer(*message);
}

void NodeEngine::Core::on(io::TimerFired& event) {
  switch (event.timer) {
    case io::TimerId::heartbeat: return heartbeat();
    case io::TimerId::register_retry:
      if (proposer_.busy() && wanted_change() == intent_) {
        context_.mark(Mark::register_round_repeated);
        arm_register_retry();
        propose(proposer_.again());
      } else {
        context_.mark(Mark::register_retry_not_needed);
      }
      return;
    case io::TimerId::acknowledgement:
      context_.mark(Mark::acknowledgement_timed_out);
      return leave_peer_out("the other node has not acknowledged anything for the timeout");
    case io::TimerId::link_grace:
      context_.mark(stream_.attached() ? Mark::link_grace_not_needed : Mark::link_grace_over);
      if (!stream_.attached()) leave_peer_out("the connection to the other node did not come back");
      return;
    case io::TimerId::application: return handle(service_.timer_fired());
    case io::TimerId::resync:
      if (target_.waits_for_primary()) {
        context_.mark(Mark::resync_timed_out);
        context_.note("resync: no progress, begun again");
        resync_patience_ = std::min(resync_patience_ * 2, context_.settings.resync_timeout * resync_patience_max);
        context_.ports.link.reset(io::Endpoint::peer);
      }
      return;
    case io::TimerId::checkpoint:
      if (record_.lsn != (is_primary() ? stream_.last() : replica_.applied())) {
        context_.mark(Mark::checkpoint_written);
        persist();
      }
      if (checkpoint_due()) begin_checkpoint();
      context_.ports.timers.arm(io::TimerId::checkpoint, context_.now + context_.settings.checkpoint_interval);
      return;
    case io::TimerId::pace: return source_.rested();
    case io::TimerId::batch: return stream_.send_batch();
    case io::TimerId::check: return checks_.timer_fired();
    case io::TimerId::verify:  // see tend_verify()
    case io::TimerId::count: return;
  }
}

void NodeEngine::Core::on(io::JournalStored& event) {
  recollection_->stored();
  const auto found = persisting_.find(event.ticket);
  if (found == persisting_.end()) return;
  const Continuation then = std::move(found->second);
  persisting_.erase(found);
  std::visit([this](const auto& alternative) { go_on(alternative); }, then);
}

void NodeEngine::Core::on(io::TouchesLogged& event) {
  if (!touched_.logged(event)) return;
  pipeline_.release();
  if (touched_.admits(target_.to_list())) handle(target_.planned_listed());
}

void NodeEngine::Core::on(io::Applied& event) {
  context_.own_disk.applied(event.ticket);
  if (pipeline_.applied(event)) {
    if (event.error == 0 && event.replicated) verify_source_.ordered(event.effect);
    return;
  }
  if (const auto outcome = replica_.applied(event)) return handle(outcome);
  handle(salvage_.applied(event));
  handle(target_.applied(event));
}

void NodeEngine::Core::on(io::Synced& event) {
  context_.own_disk.answered(event.ticket);
  // Whoever asked for it, and whether anybody still waits: a failed sync is reported once. (What has lost its last
  // name needs none.)
  const bool failed = event.error != 0 && event.error != ENOENT;
  if (failed) lost_writes();
  if (synced_all(event)) {
    if (failed && replica_.attached()) handle(replica_.fail(event.error));
    return;
  }
  handle(salvage_.synced(event));
  if (pipeline_.synced(event)) return;
  if (const auto outcome = replica_.synced(event)) return handle(outcome);
  if (failed && replica_.attached()) return handle(replica_.fail(event.error));
  handle(target_.synced(event));
}

void NodeEngine::Core::on(io::Scanned& event) {
  context_.own_disk.answered(event.ticket);
  if (source_.scanned(event) || verify_source_.scanned(event) || verify_target_.scanned(event)) return;
  handle(salvage_.scanned(event));
  handle(target_.scanned(event));
}

void NodeEngine::Core::on(io::Indexed&) {
  indexed_ = true;
  try_attach();
}

void NodeEngine::Core::on(io::WorkDone& event) { handle(target_.work_done(event)); }

void NodeEngine::Core::on(io::Digested& event) {
  context_.own_disk.answered(event.ticket);
  if (source_.digested(event)) return pipeline_.release();
  if (verify_source_.digested(event) || verify_target_.digested(event)) return;
  handle(target_.digested(event));
}

void NodeEngine::Core::on(io::RegionRead& event) {
  context_.own_disk.answered(event.ticket);
  if (!source_.region_read(event)) verify_source_.region_read(event);
}

void NodeEngine::Core::on(io::SetAside& event) {
  if (!verify_target_.set_aside(event)) handle(target_.set_aside(event));
}

// A program that was stopped for long may find these before its heartbeat, and its lease gone: nothing is started then.
void NodeEngine::Core::on(io::MountOpened& event) {
  watch_lease();
  handle(service_.mount_opened(event));
}
void NodeEngine::Core::on(io::MountClosed&) { handle(service_.mount_closed()); }
void NodeEngine::Core::on(io::PhaseEnded& event) {
  watch_lease();
  handle(service_.phase_ended(event));
}
void NodeEngine::Core::on(io::CommandGiven& event) { command(event.command_id, event.command); }
void NodeEngine::Core::on(io::RequestArrived& event) {
  source_.application_works();
  pipeline_.request(event.request, event.operation);
}

}  // namespace lockstep::engine
