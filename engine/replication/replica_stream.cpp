#include "engine/replication/replica_stream.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>
#include <cerrno>

namespace lockstep::engine {

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
  for (const auto& [ticket, message] : syncing_) unattended_syncs_.insert(ticket);
  syncing_.clear();
  reign_ = reign;
  received_ = position;
  applied_ = position;
  begin_commits_anew();
}

void ReplicaStream::begin_commits_anew() {
  if (const auto ticket = commit_.under_way()) unattended_syncs_.insert(*ticket);
  commit_.reset(Lsn(0));
}

void ReplicaStream::release() {
  holding_ = false;
  held_bytes_ = 0;
  while (!held_.empty() && attached_) {
    StreamOperation next = std::move(held_.front());
    held_.pop_front();
    submit(std::move(next));
  }
  acknowledge();
}

// What has been handed to the volume goes on being applied and synced, and still counts: a later Attach names the
// position after it, or it would be applied twice (I12), and a sync under way is not taken for done (I6).
void ReplicaStream::detach() {
  attached_ = false;
  holding_ = false;
  listener_ = nullptr;
  held_.clear();
  held_bytes_ = 0;
  if (planted(Bug::resume_forgets_syncs)) syncing_.clear();
}

ReplicaStream::Outcome ReplicaStream::receive(const StreamOperation& message) {
  if (!attached_) return Outcome::fine;
  if (message.lsn != received_.next()) return Outcome::protocol_error;
  received_ = message.lsn;
  if (!holding_) return submit(message);
  held_.push_back(message);
  const Operation& operation = message.operation;
  held_bytes_ += sizeof(message) + operation.data.size() + operation.name.size() + operation.new_name.size();
  return held_bytes_ > context_.settings.joiner_queue_bytes_max ? Outcome::protocol_error : Outcome::fine;
}

ReplicaStream::Outcome ReplicaStream::submit(StreamOperation message) {
  const Ticket ticket = context_.next_ticket();
  const OperationKind kind = message.operation.kind;
  in_order_.push_back({ticket, std::move(message)});
  if (kind == OperationKind::sync || kind == OperationKind::filled) {
    take_markers();
  } else {
    context_.ports.volume.apply(ticket, in_order_.back().message.operation, io::Origin::stream);
  }
  return Outcome::fine;
}

std::optional<ReplicaStream::Outcome> ReplicaStream::applied(const io::Applied& event) {
  if (in_order_.empty() || in_order_.front().ticket != event.ticket) return std::nullopt;
  const StreamOperation& message = in_order_.front().message;
  if (event.error != 0) return fail(message.lsn, event.error);
  applied_ = message.lsn;
  context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &message.operation});
  if (listener_ != nullptr && message.operation.kind == OperationKind::fill) {
    listener_->filled_region(message.operation.data.size());
  }
  in_order_.pop_front();
  take_markers();
  if (in_order_.empty()) acknowledge();
  return Outcome::fine;
}

// Syncs and the resync's own marks take their turn behind what is being applied.
void ReplicaStream::take_markers() {
  while (!in_order_.empty()) {
    InOrder& front = in_order_.front();
    const Operation& operation = front.message.operation;
    if (operation.kind == OperationKind::sync) {
      applied_ = front.message.lsn;
      if (planted(Bug::replica_skips_sync)) {
        context_.ports.trace.record(io::OperationReplicated{front.message.epoch, front.message.lsn, &operation});
      } else {
        const bool data_only = (operation.flags & flag_data_only) != 0;
        context_.ports.volume.sync(front.ticket, operation.file, data_only);
        syncing_.emplace(front.ticket, std::move(front.message));
      }
    } else if (operation.kind == OperationKind::filled) {
      applied_ = front.message.lsn;
      context_.ports.trace.record(io::OperationReplicated{front.message.epoch, front.message.lsn, &operation});
      if (listener_ != nullptr) listener_->pull_answered(operation.length);
    } else {
      return;
    }
    in_order_.pop_front();
    if (in_order_.empty()) acknowledge();
  }
}

std::optional<ReplicaStream::Outcome> ReplicaStream::synced(const io::Synced& event) {
  if (commit_.owns(event.ticket)) {
    if (event.error != 0) return fail(applied_, event.error);
    commit_.done();
    acknowledge();
    return Outcome::fine;
  }
  if (unattended_syncs_.erase(event.ticket) != 0) {
    return event.error == 0 || event.error == ENOENT ? Outcome::fine : fail(applied_, event.error);
  }
  const auto found = syncing_.find(event.ticket);
  if (found == syncing_.end()) return std::nullopt;
  const StreamOperation& message = found->second;
  // A file that has lost its last name meanwhile needs no sync any more.
  if (event.error != 0 && event.error != ENOENT) return fail(message.lsn, event.error);
  context_.ports.trace.record(io::OperationReplicated{message.epoch, message.lsn, &message.operation});
  syncing_.erase(found);
  acknowledge();
  return Outcome::fine;
}

ReplicaStream::Outcome ReplicaStream::fail(Lsn lsn, int error) {
  context_.send_peer(StreamFailed{lsn, error});
  detach();
  in_order_.clear();
  reign_ = Epoch(0);  // later operations may be applied although this one is not: the position means nothing now
  return Outcome::failed;
}

Lsn ReplicaStream::synced_up_to() const {
  return syncing_.empty() ? applied_ : std::min(applied_, Lsn(syncing_.begin()->second.lsn.value - 1));
}

void ReplicaStream::acknowledge() {
  if (!attached_ || holding_) return;
  if (context_.settings.durability == Durability::durable) commit_.want(applied_);
  context_.send_peer(StreamAcknowledgement{applied_, synced_up_to(), commit_.durable()});
}

}  // namespace lockstep::engine
