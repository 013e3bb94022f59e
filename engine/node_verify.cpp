// Comparing both nodes' data: when it is due, what an administrator wants of it, and what follows from it.
#include "engine/node_core.h"

#include <utility>

namespace lockstep::engine {

// --- as primary ---

bool NodeEngine::Core::may_verify() const {
  return state() == RoleState::prim && in_sync(peer_) && stream_.peer() == PeerStanding::counted && !leave_wanted_;
}

void NodeEngine::Core::tend_verify() {
  const Duration interval = context_.settings.verify_interval;
  if (verify_source_.running() && !may_verify()) {
    context_.mark(Mark::verify_abandoned);
    context_.note("verify: given up; the other node is not in sync, or this one steps down");
    verify_source_.abandon();
  }
  // With its place in the stream the other node forgets what it was asked.
  if (!is_primary() || stream_.peer() != PeerStanding::counted) verify_source_.interrupt();
  if (!is_primary()) look_again_ = false;
  if (!verify_source_.running() && may_verify()) {
    if (std::exchange(look_again_, false)) {
      context_.mark(Mark::verify_looks_again);
      verify_source_.begin(VerifyJob::listed);
    } else if (interval.ns != 0 && context_.now - verify_due_from_ >= interval) {
      context_.mark(Mark::verify_begins_due);
      verify_source_.begin(VerifyJob::everything);
    }
  }
  if (!verify_source_.running() || !stream_.attached() || stream_.window_full()) return;
  const std::vector<Touch> to_list = verify_source_.to_be_listed();
  if (!to_list.empty() && touched_.admits(to_list)) verify_source_.listed();
  const VerifyJob job = verify_source_.job();
  if (verify_source_.go_on()) verify_ended(job);
}

void NodeEngine::Core::verify_ended(VerifyJob job) {
  if (job == VerifyJob::everything) verify_due_from_ = context_.now;
  if (job != VerifyJob::repair || !verify_source_.complete() || !verify_source_.list().names_among()) return;
  if (verify_source_.list().unreadable_here_among()) {
    context_.mark(Mark::verify_keeps_peer);
    context_.note(
        "verify: names are not repaired while this node cannot read what it has: the other one might be needed");
    return;
  }
  // A resync makes names and attributes those of the primary, at one place of the stream.
  context_.mark(Mark::verify_repairs_names);
  list_mismatches();
  look_again_ = true;
  leave_peer_out("its names or attributes differ from this node's (verify); it is compared and comes back at once");
}

void NodeEngine::Core::list_mismatches() {
  const std::vector<Touch> touches = verify_source_.list().touches();
  // They must not be what makes the list too long.
  if (touched_.size() + touches.size() <= context_.settings.touches_max / 2) {
    touched_.admits(touches);
  } else {
    context_.mark(Mark::mismatches_not_listed);
  }
}

std::pair<bool, std::string> NodeEngine::Core::command_verify(const io::Command& command) {
  const bool running = verify_source_.running();
  if (command.cancel) {
    context_.mark(Mark::command_verify_cancel);
    if (!running) return {false, "no verify is running here"};
    verify_source_.abandon();
    verify_due_from_ = context_.now;
    return {true, "the verify is ended; what it has found stays listed"};
  }
  if (running) {
    context_.mark(Mark::command_verify_running);
    return {!command.repair, "a verify is running already"};
  }
  if (!may_verify()) {
    context_.mark(Mark::command_verify_refused);
    if (!is_primary()) return {false, "verify runs on the primary: give this command on the other server"};
    return {false, "both nodes must be in sync (PRIM and SECOND) to be compared"};
  }
  if (!command.repair) {
    context_.mark(Mark::command_verify);
    verify_source_.begin(VerifyJob::everything);
    return {true, "comparing both servers' data"};
  }
  if (verify_source_.list().count() == 0) {
    context_.mark(Mark::command_verify_no_repair);
    return {true, "nothing is known to differ"};
  }
  context_.mark(Mark::command_verify_repair);
  verify_source_.begin(VerifyJob::repair, touched_.draw_identity().low | 1U);
  return {true, "bringing what is known to differ to this node's state, and comparing it again"};
}

// --- as replica ---

bool NodeEngine::Core::at_place(Lsn lsn) {
  if (is_primary() || !replica_.attached()) {
    context_.mark(Mark::verify_question_of_lost_stream);
    return false;
  }
  if (!replica_.holding() && replica_.received() == lsn) return true;
  refuse_question();
  return false;
}

void NodeEngine::Core::refuse_question() {
  context_.mark(Mark::verify_question_unfit);
  context_.note("verify: a question that does not fit; the connection is given up");
  context_.ports.link.reset(io::Endpoint::peer);
}

void NodeEngine::Core::receive(const VerifyRegion& message) {
  if (at_place(message.lsn) && !verify_target_.ask(message, replica_.reign())) refuse_question();
}

void NodeEngine::Core::receive(const VerifyNames& message) {
  if (at_place(message.lsn) && !verify_target_.ask(message)) refuse_question();
}

}  // namespace lockstep::engine
