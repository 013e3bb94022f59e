// What administrators ask and are told.
#include "engine/node_core.h"

namespace lockstep::engine {

void NodeEngine::Core::go_on(const FirstStartNoted&) { initialise_wanted_ = wish_ == Wish::run; }

void NodeEngine::Core::command(io::CommandId id, const io::Command& command) {
  const auto answer = [&](bool accepted, std::string text) {
    context_.ports.console.answer(id, accepted, std::move(text));
  };
  const bool going_down = state() == RoleState::demoting;
  force_until_.reset();  // whatever is commanded now counts, not what was forced before
  if (command.verb == io::Verb::start || command.verb == io::Verb::prim) begin_counting();
  switch (command.verb) {
    case io::Verb::start:
      wish_ = Wish::run;
      context_.mark(going_down ? Mark::command_start_going_down : Mark::command_start);
      if (state() == RoleState::stopped && cleaned_up_) process(RoleEvent::start_requested);
      return answer(true, going_down ? "will start again once it has stopped" : "started");

    case io::Verb::stop:
      wish_ = Wish::stopped;
      initialise_wanted_ = false;
      reason_ = "stopped by an administrator";
      if (state() == RoleState::stopped || going_down) {
        context_.mark(Mark::command_stop_already);
        return answer(true, "stopping or stopped already");
      }
      context_.mark(is_primary() ? Mark::command_stop_primary : Mark::command_stop_other);
      if (is_primary()) {
        step_down(Succession::peer_alone, "stopped by an administrator");
        return answer(true, succession_ == Succession::none ? "stopping; no other node is in sync to take over"
                                                            : "stopping; the other node takes over");
      }
      context_.send_peer(Farewell{});  // the primary gives the connection up when it has read this
      drop_stream();
      process(RoleEvent::stop_requested);
      return answer(true, "stopped");

    case io::Verb::restart:
      context_.mark(service_.running() ? Mark::command_restart : Mark::command_restart_refused);
      if (!service_.running()) return answer(false, "the application does not run here; see `status`");
      service_.restart();
      return answer(true, "restarting the application, role unchanged");

    case io::Verb::swap:
      if (state() == RoleState::prim) {
        context_.mark(Mark::command_swap_primary);
        step_down(Succession::peer_with_us, "swap");
        return answer(true, "swapping: the other node takes over, this one becomes SECOND");
      }
      context_.mark(state() == RoleState::secondary ? Mark::command_swap_secondary : Mark::command_swap_refused);
      if (state() == RoleState::secondary) {
        context_.send_peer(SwapRequest{});
        return answer(true, "swapping: this node takes over");
      }
      return answer(false, "both nodes must be in sync (PRIM and SECOND) for a swap; " + why());

    case io::Verb::prim:
      if (is_primary()) return answer(!going_down, going_down ? "on its way down; try again" : "is primary already");
      if (state() == RoleState::secondary && !command.force) {
        context_.mark(Mark::command_prim_swaps);
        context_.send_peer(SwapRequest{});
        return answer(true, "in sync: swapping with the primary");
      }
      if (state() == RoleState::stopped) {
        if (!cleaned_up_) return answer(false, "still starting; try again in a moment");
        process(RoleEvent::start_requested);
      }
      wish_ = Wish::run;
      if (!known().initialised() && !(peer_state_ && peer_state_->decided.initialised())) {
        context_.mark(Mark::command_prim_first_start);
        // An administrator vouches for this directory: were that forgotten in a crash right after the decision, no
        // node would have anything to go on with.
        record_.complete = true;
        persist(FirstStartNoted{});
        return answer(true, "first start: becoming primary with this node's data as soon as a second voter answers");
      }
      if (command.force) {
        context_.mark(Mark::command_prim_forced);
        if (state() != RoleState::waiting) lose_stream("forced to become primary");
        force_until_ = context_.now + context_.settings.timeout * 3;
        return answer(true,
                      "forced: becoming primary with this node's data, whatever the other node has, unless a "
                      "running primary holds the lease");
      }
      context_.mark(may_take_over(known()) ? Mark::command_prim_takes_over : Mark::command_prim_refused);
      if (may_take_over(known())) return answer(true, "up to date: takes over as soon as a majority agrees");
      return answer(false, "refused, it could destroy newer data: " + why() + " " + next_step());

    case io::Verb::second:
      if (state() == RoleState::prim) {
        context_.mark(Mark::command_second_swaps);
        step_down(Succession::peer_with_us, "asked to become secondary");
        return answer(true, "swapping: the other node takes over");
      }
      context_.mark(is_primary()   ? Mark::command_second_refused
                    : command.full ? Mark::command_second_full
                                   : Mark::command_second);
      if (is_primary()) return answer(false, "no other node is in sync to take over; use `stop` to end the service");
      if (state() != RoleState::secondary) wish_ = Wish::second_only;
      if (state() == RoleState::stopped && cleaned_up_) process(RoleEvent::start_requested);
      if (command.full) {
        forget_ground();
        persist();
        lose_place("asked to compare everything");
      }
      return answer(true, command.full ? "everything is compared with the primary again"
                                       : "becoming secondary; will not go first");

    case io::Verb::wait_role:
      wish_ = Wish::second_only;
      context_.mark(is_primary() && !going_down ? Mark::command_wait_primary : Mark::command_wait);
      if (is_primary() && !going_down) step_down(Succession::peer_alone, "asked to wait");
      return answer(true, "does not take over from now on; `start` allows it again");

    case io::Verb::verify: {
      auto [accepted, text] = command_verify(command);
      return answer(accepted, std::move(text));
    }
  }
}

// Whoever starts it has looked at what failed.
void NodeEngine::Core::begin_counting() {
  budget_.clear();
  limit_reached_ = false;
}

std::string NodeEngine::Core::why() const {
  if (state() == RoleState::stopped) return reason_.empty() ? "stopped." : reason_ + ".";
  if (is_primary() && !service_.idle() && !writable_) {
    return context_.settings.has_third_vote() ? "frozen: neither the other node nor the witness answers; writes wait."
                                              : "frozen: the other node does not answer; writes wait.";
  }
  if (state() != RoleState::waiting) return reason_.empty() ? "" : reason_ + ".";
  if (!cleaned_up_) return "ending what an earlier start has left.";
  if (!known().initialised()) {
    return initialise_wanted_ ? "waiting for a second voter, so that the first start can be decided."
                              : "never started: no node has been made primary yet.";
  }
  if (!record_.complete && !target_.keeper().trouble().empty()) return target_.keeper().trouble() + ".";
  if (!record_.complete) {
    return "this node has no complete copy (it is new, its disk refused something, or a resync is unfinished); the "
           "primary must bring it up to date.";
  }
  if (!in_sync(self_)) return "not up to date: the other node holds newer data; waiting for it.";
  if (context_.peer_up && peer_state_ && peer_state_->primary) return "joining the primary.";
  if (const auto check = checks_.unfit())
    return failure_of(*check) + ": this server does not take over until it passes.";
  if (!context_.peer_up && !context_.witness_up) return why_alone();
  if (wish_ == Wish::second_only) return "waits for a primary; told not to go first.";
  if (!may_take_over(known())) {
    return "lost power, or its disk failed, while the other node was in sync: the other node may hold newer "
           "acknowledged writes; waiting for it.";
  }
  return "waiting until the lease of the last primary has run out and a majority agrees.";
}

std::string NodeEngine::Core::why_alone() const {
  switch (context_.settings.isolation) {
    case Isolation::third_vote:
      return "alone: neither the other node nor the witness answers, so nobody can prove that the other side is down.";
    case Isolation::wait:
      return "isolated: the other node does not answer, and without a third vote (isolation = \"wait\") nobody can "
             "prove that it is down.";
    case Isolation::takeover: break;
  }
  if (wish_ == Wish::second_only) return "waits for a primary; told not to go first.";
  if (!may_take_over(known())) {
    return "isolated: the other node does not answer, and may hold newer acknowledged writes: this one lost power, or "
           "its disk failed, while both were in sync.";
  }
  if (!abreast_of(known())) {
    return "isolated: the other node does not answer, and this one has not been in sync with it since its start, or "
           "for long: the other one may have gone on alone.";
  }
  return "isolated: takes over when the other node has been silent for long enough (isolation = \"takeover\").";
}

std::string NodeEngine::Core::next_step_alone() const {
  switch (context_.settings.isolation) {
    case Isolation::third_vote: return "Repair the network, or start the other node or the witness.";
    case Isolation::wait:
      return "Repair the network, or start the other node. Only if it is lost for good, or surely stays off: "
             "`prim --force` here.";
    case Isolation::takeover: break;
  }
  if (wish_ == Wish::second_only) return "`start` allows this node to take over.";
  if (abreast_of(known())) return "";
  return "Repair the network, or start the other node. Only if it is lost for good, or has surely not served since: "
         "`prim --force` here.";
}

std::string NodeEngine::Core::next_step() const {
  if (state() == RoleState::stopped && limit_reached_) {
    return "Look at why the check fails (the log has what it said), then `start`, which begins to count anew.";
  }
  if (state() == RoleState::stopped) return "`start`.";
  const std::optional<NodeId> preferred = context_.settings.preferred;
  if (peer_could_serve() && preferred == peer_) {
    return "The other node is the preferred one and could take over: `swap`.";
  }
  if (state() != RoleState::waiting) return "";
  if (!known().initialised()) {
    if (!initialise_wanted_) return "Run `prim` on the node that has the good data.";
    return context_.settings.has_third_vote() ? "Start the other node or the witness." : "Start the other node.";
  }
  if (!record_.complete && !target_.keeper().trouble().empty()) {
    return "Make room on the filesystem of the directory (`conflicts drop` gives up what was kept aside before), or "
           "move "
           "the directory's contents elsewhere and begin with an empty one; it is tried again by itself.";
  }
  if (context_.peer_up && peer_state_ && peer_state_->primary) return "";
  if (!in_sync(self_) || !record_.complete || !may_take_over(known())) {
    return "Start the other node. Only if it is lost for good: `prim --force` here, which gives up what only it has.";
  }
  if (checks_.unfit()) return "Repair what the check misses; it goes on by itself then.";
  if (!context_.peer_up && !context_.witness_up) return next_step_alone();
  if (wish_ == Wish::second_only) return "`start` allows this node to take over.";
  return "";
}

Condition NodeEngine::Core::condition() const {
  Condition condition;
  condition.state = to_string(state());
  switch (state()) {
    case RoleState::stopped: condition.role = Role::stop; break;
    case RoleState::waiting: condition.role = Role::wait; break;
    case RoleState::joining:
    case RoleState::secondary: condition.role = Role::second; break;
    case RoleState::promoting:
    case RoleState::demoting:
      condition.role = in_sync(peer_) && known().primary == self_ ? Role::prim : Role::alone;
      break;
    case RoleState::alone: condition.role = Role::alone; break;
    case RoleState::prim: condition.role = Role::prim; break;
  }
  const bool serving = (state() == RoleState::alone || state() == RoleState::prim) && service_.running();
  const bool steady = serving || state() == RoleState::secondary;
  const bool resting = state() == RoleState::stopped || state() == RoleState::waiting;
  condition.readiness = steady ? Readiness::ready : resting ? Readiness::not_ready : Readiness::transient;
  condition.configuration = known();
  condition.in_sync = (state() == RoleState::secondary || is_primary()) && in_sync(self_);
  condition.intact = intact_;
  condition.peer_connected = context_.peer_up;
  condition.witness_connected = context_.witness_up;
  condition.has_third_vote = context_.settings.has_third_vote();
  condition.lease_until = is_primary() ? lease_.until() : Instant{};
  condition.frozen = is_primary() && !service_.idle() && !writable_;
  condition.lsn = is_primary() ? stream_.last() : replica_.applied();
  if (is_primary() && stream_.peer() != PeerStanding::out) {
    condition.peer_applied = stream_.peer_position().applied;
    condition.window_operations = stream_.window_operations();
    condition.window_bytes = stream_.window_bytes();
  }
  condition.resync = target_.progress();
  if (peer_state_) {
    condition.peer_resync_bytes_left = peer_state_->resync_bytes_left;
    condition.peer_resync_bytes_total = peer_state_->resync_bytes_total;
  }
  condition.requests_waiting = pipeline_.outstanding();
  condition.verify = {look_again_ ? VerifyJob::repair : verify_source_.job(),
                      verify_source_.files(),
                      verify_source_.bytes(),
                      verify_source_.repaired(),
                      verify_source_.complete(),
                      verify_source_.list().count(),
                      std::nullopt};
  if (const auto ended = verify_source_.ended_at()) condition.verify.last_ended_ago = context_.now - *ended;
  return condition;
}

Status NodeEngine::Core::status() const {
  return {condition(),      why(),
          next_step(),      verify_source_.list().all(),
          checks_.status(), {budget_.used(context_.now), context_.settings.restarts_max}};
}

}  // namespace lockstep::engine
