#include "engine/replication/request_pipeline.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <cerrno>

namespace lockstep::engine {

void RequestPipeline::open() {
  LOCKSTEP_CHECK(settled(), "I4: a reign begins when every operation of this node's last one has its place");
  close();
  disk_failed_ = false;
  open_ = true;
  commit_.reset(stream_.last());
}

void RequestPipeline::close() {
  open_ = false;
  waiting_.clear();
  acknowledging_.clear();
  syncing_.clear();
}

void RequestPipeline::set_hold(bool hold) {
  if (planted(Bug::keep_writing_without_lease)) hold = false;
  if (hold_ == hold) return;
  hold_ = hold;
  release();
}

void RequestPipeline::request(RequestId id, const Operation& operation) {
  if (!open_) {
    context_.mark(Mark::request_after_closing);
    return;
  }
  if (outstanding() >= context_.settings.requests_pending_max) {
    context_.mark(Mark::request_refused_too_many);
    context_.ports.mount.reply(id, io::Reply{EAGAIN, 0, {}});
    return;
  }
  // What it touches is listed on disk before it is applied (I7); meanwhile those behind it keep their order, and share
  // the next write of the list.
  const bool listed = touched_.admits(operation);
  if (hold_ || !waiting_.empty() || stream_.window_full() || !listed) {
    context_.mark(hold_     ? Mark::request_held_without_lease
                  : !listed ? Mark::request_waits_for_touches
                            : Mark::request_held_window_full);
    waiting_.push_back({id, operation});
    return;
  }
  submit(id, operation);
}

void RequestPipeline::submit(RequestId id, Operation operation) {
  if (operation.kind == OperationKind::create) operation.file = touched_.draw_identity();
  const Ticket ticket = context_.next_ticket();
  if (operation.kind == OperationKind::sync) {
    Operation sync = operation;
    sync.flags &= ~std::uint32_t{flag_resent};
    if (context_.settings.durability == Durability::commit && !planted(Bug::commit_syncs_one_file)) {
      // The only moment at which this mode promises anything: everything before it, of whatever file.
      sync.file = FileId::none();
    }
    in_order_.push_back({ticket, id, std::move(sync)});
    begin_syncs_in_turn();
    return;
  }
  Operation kept{.kind = operation.kind, .flags = operation.flags & flag_resent};
  in_order_.push_back({ticket, id, planted(Bug::error_replicated) ? operation : std::move(kept)});
  context_.ports.volume.apply(ticket, operation, io::Origin::application);
}

bool RequestPipeline::applied(const io::Applied& event) {
  if (in_order_.empty() || in_order_.front().ticket != event.ticket) return false;
  const RequestId request = in_order_.front().request;
  const OperationKind kind = in_order_.front().operation.kind;
  const bool may_be_done =
      changes_namespace(kind) || kind == OperationKind::set_xattr || kind == OperationKind::remove_xattr;
  const bool resent = (in_order_.front().operation.flags & flag_resent) != 0 && may_be_done;
  if (event.error != 0 && planted(Bug::error_replicated)) stream_.order(in_order_.front().operation, request);
  in_order_.pop_front();
  const io::Reply reply{event.error, event.bytes, event.effect.file};
  if (event.error != 0) {
    context_.mark(open_ ? Mark::request_failed_locally : Mark::request_failed_after_closing);
    if (open_) context_.ports.mount.reply(request, reply);
  } else if (resent && !event.replicated && !planted(Bug::resent_request_promised_at_once)) {
    confirm_done_before(request, reply);
  } else {
    if (!event.replicated) context_.mark(Mark::request_of_unlinked_file);
    if (!open_) context_.mark(Mark::request_ordered_after_closing);
    const Lsn lsn = event.replicated ? stream_.order(event.effect, request) : Lsn(0);
    if (open_) acknowledging_.push_back({request, lsn, event.effect.kind, reply});
  }
  begin_syncs_in_turn();
  release();
  return true;
}

// An earlier life has applied it, and this one does not know at which place. So it is answered when both disks have all
// that is there: whatever the mode promises is kept then.
void RequestPipeline::confirm_done_before(RequestId request, const io::Reply& reply) {
  if (!open_) return;
  context_.mark(disk_failed_ ? Mark::request_done_before_unsure : Mark::request_done_before);
  if (disk_failed_) {
    context_.ports.mount.reply(request, io::Reply{EIO, 0, {}});
  } else {
    begin_sync(context_.next_ticket(), request, {.kind = OperationKind::sync}, reply);
  }
}

// A sync stands in the stream behind everything that was submitted before it, so it waits until that has its place.
void RequestPipeline::begin_syncs_in_turn() {
  while (!in_order_.empty() && in_order_.front().operation.kind == OperationKind::sync) {
    const InOrder& next = in_order_.front();
    if (disk_failed_) {
      context_.mark(Mark::sync_refused_after_failure);
      // The kernel reports a failed write-back once; the next fsync would be believed in vain.
      if (open_) context_.ports.mount.reply(next.request, io::Reply{EIO, 0, {}});
      in_order_.pop_front();
      continue;
    }
    begin_sync(next.ticket, next.request, next.operation, {});
    in_order_.pop_front();
  }
}

void RequestPipeline::begin_sync(Ticket ticket, RequestId request, const Operation& operation, const io::Reply& reply) {
  const Lsn lsn = stream_.order(operation, request);
  const bool data_only = (operation.flags & flag_data_only) != 0;
  context_.ports.volume.sync(ticket, operation.file, data_only);
  if (open_) syncing_.emplace(ticket, Syncing{request, lsn, false, reply});
}

bool RequestPipeline::synced(const io::Synced& event) {
  if (commit_.owns(event.ticket)) {
    if (event.error == 0) {
      commit_.done();
    } else {
      context_.mark(Mark::local_commit_failed);
    }
    release();
    return true;
  }
  const auto found = syncing_.find(event.ticket);
  if (found == syncing_.end()) return false;
  found->second.local_done = true;
  release();
  return true;
}

void RequestPipeline::distrust_disk() {
  disk_failed_ = true;
  // What a failed sync has dropped nobody knows, and one that ends after it may have passed over that.
  std::erase_if(syncing_, [&](const auto& entry) {
    if (!entry.second.local_done) context_.ports.mount.reply(entry.second.request, io::Reply{EIO, 0, {}});
    return !entry.second.local_done;
  });
  release();
}

bool RequestPipeline::promised(const Acknowledging& waiting) const {
  if (waiting.lsn == Lsn(0) || planted(Bug::acknowledge_before_peer)) return true;
  const bool counted = stream_.peer() == PeerStanding::counted;
  const StreamAcknowledgement& peer = stream_.peer_position();
  switch (context_.settings.durability) {
    case Durability::commit: return true;
    case Durability::replicated: return !counted || peer.applied >= waiting.lsn;
    case Durability::durable: return commit_.durable() >= waiting.lsn && (!counted || peer.durable >= waiting.lsn);
  }
  return false;
}

bool RequestPipeline::promised(const Syncing& waiting) const {
  if (!waiting.local_done && !planted(Bug::acknowledge_before_fsync)) return false;
  const StreamAcknowledgement& peer = stream_.peer_position();
  const Lsn reached = planted(Bug::acknowledge_sync_before_peer_disk) ? peer.applied : peer.synced;
  return stream_.peer() != PeerStanding::counted || reached >= waiting.lsn;
}

void RequestPipeline::release() {
  if (open_ && hold_ && planted(Bug::hold_forgets_syncs)) release_syncs();
  if (!open_ || hold_) return;
  if (context_.settings.durability == Durability::durable) {
    if (disk_failed_) {
      context_.mark(Mark::requests_refused_after_failure);
      return refuse_all();
    }
    commit_.want(stream_.last());
  }
  while (!acknowledging_.empty() && promised(acknowledging_.front())) {
    const Acknowledging& ready = acknowledging_.front();
    reply(ready.request, ready.lsn, ready.kind, ready.reply);
    acknowledging_.pop_front();
  }
  release_syncs();
  pump();
}

void RequestPipeline::release_syncs() {
  for (auto sync = syncing_.begin(); sync != syncing_.end();) {
    if (!promised(sync->second)) {
      ++sync;
      continue;
    }
    reply(sync->second.request, sync->second.lsn, OperationKind::sync, sync->second.reply);
    sync = syncing_.erase(sync);
  }
}

// Durable mode with a disk that does not keep what it is given: nothing that waits can ever be promised.
void RequestPipeline::refuse_all() {
  for (const Acknowledging& waiting : acknowledging_) {
    context_.ports.mount.reply(waiting.request, io::Reply{EIO, 0, {}});
  }
  for (const auto& [ticket, waiting] : syncing_) context_.ports.mount.reply(waiting.request, io::Reply{EIO, 0, {}});
  acknowledging_.clear();
  syncing_.clear();
  pump();
}

void RequestPipeline::pump() {
  // Asked again in any case: a period may have begun meanwhile.
  while (!waiting_.empty() && !stream_.window_full() && touched_.admits(waiting_.front().operation)) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    submit(next.request, next.operation);
  }
}

void RequestPipeline::reply(RequestId request, Lsn lsn, OperationKind kind, const io::Reply& reply) {
  context_.ports.trace.record(io::RequestAcknowledged{request, stream_.epoch(), lsn, kind});
  context_.ports.mount.reply(request, reply);
}

}  // namespace lockstep::engine
