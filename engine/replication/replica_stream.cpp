#include "engine/replication/replica_stream.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>
#include <cerrno>

namespace lockstep::engine {

namespace {

/// So that heartbeats get their turn.
constexpr std::size_t releasing_in_flight_max = 64;

/// What is kept of a held operation, with what is noted beside it.
std::size_t bytes_of(const StreamOperation& message) {
  constexpr std::size_t beside = 128;
  const Operation& operation = message.operation;
  return sizeof(message) + beside + operation.data.size() + operation.name.size() + operation.new_name.size();
}

}  // namespace

void ReplicaStream::set_position(Epoch reign, Lsn applied) {
  reign_ = reign;
  applied_ = applied;
}

void ReplicaStream::resume(Epoch reign, Lsn position) {
  detach();
  LOCKSTEP_CHECK(idle(), "I12: a stream begins anew only when nothing of the last one is being applied");
  attached_ = true;
  reign_ = reign;
  received_ = position;
  applied_ = position;
  begin_commits_anew();
  acknowledge();
}

void ReplicaStream::hold(Epoch reign, Lsn position, ResyncListener& listener) {
  detach();
  LOCKSTEP_CHECK(idle(), "I12: a stream begins anew only when nothing of the last one is being applied");
  attached_ = true;
  holding_ = true;
  listener_ = &listener;
  // A resync ends with a sync of everything; but an error that one of these reports is not reported again.
  if (!syncing_.empty()) context_.mark(Mark::resync_begins_amid_syncs);
  for (const auto& [ticket, message] : syncing_) unattended_syncs_.insert(ticket);
  syncing_.clear();
  reign_ = reign;
  received_ = position;
  applied_ = position;
  begin_commits_anew();
}

void ReplicaStream::begin_commits_anew() {
  if (const auto ticket = commit_.under_way()) {
    context_.mark(Mark::stream_begins_amid_commit);
    unattended_syncs_.insert(*ticket);
  }
  commit_.reset(Lsn(0));
}

void ReplicaStream::release() {
  if (!attached_) return;
  if (!held_.empty()) context_.mark(Mark::held_operations_released);
  releasing_ = true;
  go_on_releasing();
}

void ReplicaStream::go_on_releasing() {
  while (!held_.empty() && in_order_.size() < releasing_in_flight_max) {
    Held next = std::move(held_.front());
    held_.pop_front();
    ++held_from_;
    held_bytes_ -= bytes_of(next.message);
    submit(std::move(next));
  }
  if (!held_.empty()) return;
  holding_ = false;
  forget_held();
  pass_what_was_let_go();
  acknowledge();
  listener_->released();
}

void ReplicaStream::forget_held() {
  releasing_ = false;
  held_.clear();
  held_from_ = 0;
  held_bytes_ = 0;
  lets_contents_go_ = false;
  foldable_.clear();
}

// What has been handed to the volume goes on being applied and synced, and still counts: a later Attach names the
// position after it, or it would be applied twice (I12), and a sync under way is not taken for done (I6).
void ReplicaStream::detach() {
  if (attached_ && !in_order_.empty()) context_.mark(Mark::stream_ends_amid_operations);
  if (attached_ && !syncing_.empty()) context_.mark(Mark::stream_ends_amid_syncs);
  attached_ = false;
  holding_ = false;
  listener_ = nullptr;
  forget_held();
  if (planted(Bug::resume_forgets_syncs)) syncing_.clear();
}

ReplicaStream::Outcome ReplicaStream::receive(const StreamOperation& message) {
  if (!attached_) {
    context_.mark(Mark::operation_of_a_lost_stream);
    return Outcome::fine;
  }
  if (message.lsn != received_.next()) {
    context_.mark(Mark::operation_out_of_order);
    return Outcome::protocol_error;
  }
  received_ = message.lsn;
  if (holding_ && !passes(message.operation)) {
    const Outcome outcome = keep(message);
    if (outcome == Outcome::fine && !releasing_) listener_->holds_back();
    return outcome;
  }
  submit({message});
  return Outcome::fine;
}

// Answers to pulls are of files that this node has made already; so they can be applied before everything else can.
// But not before what is older: the order of the stream stays.
bool ReplicaStream::passes(const Operation& operation) const {
  if (operation.kind != OperationKind::fill && operation.kind != OperationKind::filled) return false;
  const bool in_turn = held_.empty() && !lets_contents_go_;
  context_.mark(in_turn ? Mark::contents_before_release : Mark::contents_held);
  return in_turn || planted(Bug::contents_overtake_held);
}

ReplicaStream::Outcome ReplicaStream::keep(const StreamOperation& message) {
  const std::size_t bytes_max = context_.settings.joiner_queue_bytes_max;
  if (held_bytes_ > bytes_max && planted(Bug::joiner_queue_drops)) return Outcome::fine;
  if (lets_contents_go_) {
    keep_without_contents(message);
  } else {
    hold_back({message});
    if (held_bytes_ > bytes_max) let_contents_go();
  }
  if (held_bytes_ <= bytes_max || planted(Bug::joiner_queue_drops)) return Outcome::fine;
  context_.mark(Mark::joiner_queue_full);
  return Outcome::protocol_error;
}

void ReplicaStream::hold_back(Held held) {
  held_bytes_ += bytes_of(held.message);
  held_.push_back(std::move(held));
}

// Beginning again would not help: an application that writes more than fits while the names are made may do so each
// time. What is copied after the release is newer than all that was held, so contents can be left to that.
void ReplicaStream::let_contents_go() {
  context_.mark(Mark::joiner_lets_contents_go);
  context_.note("resync: more is written meanwhile than is kept; it is copied afterwards");
  Queue<Held> all = std::exchange(held_, {});
  const std::uint64_t from = held_from_;
  const bool releasing = releasing_;
  forget_held();
  held_from_ = from;
  releasing_ = releasing;
  lets_contents_go_ = true;
  for (; !all.empty(); all.pop_front()) keep_without_contents(std::move(all.front().message));
}

// Of a write its last byte is enough, with which the file has its length and its time; and of several in a row, with
// nothing else done to the file in between, the one that reaches farthest. A resync ends with a sync of everything.
void ReplicaStream::keep_without_contents(StreamOperation message) {
  Operation& operation = message.operation;
  if (operation.kind == OperationKind::sync) {
    context_.mark(Mark::joiner_keeps_no_sync);
    return;
  }
  // What was asked for itself is asked for once more.
  if (operation.kind == OperationKind::fill && !planted(Bug::let_go_as_a_whole)) {
    context_.mark(Mark::joiner_lets_fill_go);
    listener_->contents_let_go(operation.file, operation.offset, operation.data.size());
    context_.ports.trace.record(io::ContentsLetGo{message.epoch, message.lsn});
    return;
  }
  if (operation.kind != OperationKind::write || operation.data.empty()) {
    if (!planted(Bug::folds_over_changes)) foldable_.erase(operation.file);
    operation.data = Buffer::copy_of(operation.data.bytes());  // a slice would hold on to all that came with it
    return hold_back({std::move(message)});
  }
  listener_->contents_let_go(operation.file, operation.offset, operation.data.size());
  context_.ports.trace.record(io::ContentsLetGo{message.epoch, message.lsn});
  if (planted(Bug::let_go_as_a_whole)) return;
  operation.offset += operation.data.size() - 1;
  operation.data = Buffer::copy_of(operation.data.bytes().last(1));
  const std::uint64_t number = held_from_ + held_.size();
  std::uint64_t& foldable = foldable_.emplace(operation.file, number).first->second;
  if (foldable != number && foldable >= held_from_) {
    Operation& joined = held_[foldable - held_from_].message.operation;
    if (joined.attributes.mask == operation.attributes.mask) {
      context_.mark(Mark::joiner_folds_writes);
      joined.attributes = operation.attributes;
      if (operation.offset > joined.offset) {
        joined.offset = operation.offset;
        joined.data = std::move(operation.data);
      }
      return;
    }
  }
  foldable = number;
  hold_back({std::move(message), true});
}

// Of what was held the last may have been let go as a whole.
void ReplicaStream::pass_what_was_let_go() {
  if (attached_ && idle()) applied_ = received_;
}

void ReplicaStream::submit(Held held) {
  const Ticket ticket = context_.next_ticket();
  const OperationKind kind = held.message.operation.kind;
  in_order_.push_back({ticket, std::move(held)});
  if (kind == OperationKind::sync || kind == OperationKind::filled) {
    take_markers();
  } else {
    context_.ports.volume.apply(ticket, in_order_.back().held.message.operation, io::Origin::stream);
  }
}

std::optional<ReplicaStream::Outcome> ReplicaStream::applied(const io::Applied& event) {
  if (in_order_.empty() || in_order_.front().ticket != event.ticket) return std::nullopt;
  const auto& [message, contents_let_go] = in_order_.front().held;
  // Of the plan that makes the names a step has failed before it: who took that step has ended the resync.
  if (event.error == ECANCELED && !attached_) {
    context_.mark(Mark::follows_failed_step);
    in_order_.clear();
    reign_ = Epoch(0);
    return Outcome::fine;
  }
  if (event.error != 0) {
    context_.mark(Mark::replica_apply_failed);
    return fail(message.lsn, event.error);
  }
  applied_ = message.lsn;
  news_ = true;
  if (!contents_let_go) {
    context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &message.operation});
  }
  if (listener_ != nullptr && message.operation.kind == OperationKind::fill) {
    listener_->filled_region(message.operation.data.size());
  }
  in_order_.pop_front();
  take_markers();
  if (releasing_) go_on_releasing();
  return Outcome::fine;
}

// Syncs and the resync's own marks take their turn behind what is being applied.
void ReplicaStream::take_markers() {
  while (!in_order_.empty()) {
    const Ticket ticket = in_order_.front().ticket;
    StreamOperation& message = in_order_.front().held.message;
    const Operation& operation = message.operation;
    if (operation.kind == OperationKind::sync) {
      applied_ = message.lsn;
      const bool data_only = (operation.flags & flag_data_only) != 0;
      // Nobody counts on this node before its resync has ended, with a sync of everything.
      const bool later = listener_ != nullptr && (listener_->syncs_later() || planted(Bug::joiner_never_syncs));
      if (later) context_.mark(Mark::joiner_syncs_later);
      if (later || planted(Bug::replica_skips_sync) || (data_only && planted(Bug::replica_skips_data_sync))) {
        news_ = true;
        context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &operation});
      } else {
        context_.ports.volume.sync(ticket, operation.file, data_only);
        syncing_.emplace(ticket, std::move(message));
      }
    } else if (operation.kind == OperationKind::filled) {
      applied_ = message.lsn;
      news_ = true;
      context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &operation});
      if (listener_ != nullptr) listener_->pull_answered(operation.length, operation.offset);
    } else {
      return;
    }
    in_order_.pop_front();
  }
  pass_what_was_let_go();
  // Of a sync that has only begun there is nothing to tell: its end is what is waited for.
  if (news_) {
    acknowledge();
  } else if (context_.settings.durability == Durability::durable) {
    commit_.want(applied_);
  }
}

std::optional<ReplicaStream::Outcome> ReplicaStream::synced(const io::Synced& event) {
  if (commit_.owns(event.ticket)) {
    if (event.error != 0) {
      context_.mark(Mark::replica_commit_failed);
      return fail(applied_, event.error);
    }
    commit_.done();
    acknowledge();
    return Outcome::fine;
  }
  if (unattended_syncs_.erase(event.ticket) != 0) {
    if (event.error == 0 || event.error == ENOENT) return Outcome::fine;
    context_.mark(Mark::replica_unattended_sync_failed);
    return fail(applied_, event.error);
  }
  const auto found = syncing_.find(event.ticket);
  if (found == syncing_.end()) return std::nullopt;
  const StreamOperation& message = found->second;
  // A file that has lost its last name meanwhile needs no sync any more.
  if (event.error != 0 && event.error != ENOENT) {
    context_.mark(Mark::replica_sync_failed);
    return fail(message.lsn, event.error);
  }
  if (event.error == ENOENT) context_.mark(Mark::replica_sync_of_removed_file);
  context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &message.operation});
  syncing_.erase(found);
  acknowledge();
  return Outcome::fine;
}

ReplicaStream::Outcome ReplicaStream::fail(Lsn lsn, int error) {
  error_ = error;
  context_.send_peer(StreamFailed{lsn, error});
  detach();
  in_order_.clear();
  reign_ = Epoch(0);  // the primary goes on without this node, which has to be brought up to date
  return Outcome::failed;
}

Lsn ReplicaStream::synced_up_to() const {
  return syncing_.empty() ? applied_ : std::min(applied_, Lsn(syncing_.begin()->second.lsn.value - 1));
}

void ReplicaStream::acknowledge() {
  // While this node is brought up to date nobody waits for it.
  if (!attached_ || holding_ || (listener_ != nullptr && listener_->syncs_later())) return;
  if (context_.settings.durability == Durability::durable) commit_.want(applied_);
  news_ = false;
  const Lsn durable = planted(Bug::replica_claims_durable) ? applied_ : commit_.durable();
  context_.send_peer(StreamAcknowledgement{applied_, synced_up_to(), durable});
}

}  // namespace lockstep::engine
