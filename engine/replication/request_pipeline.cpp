#include "engine/replication/request_pipeline.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <cerrno>

namespace lockstep::engine {

void RequestPipeline::open() {
  clear();
  open_ = true;
  commit_.reset(stream_.last());
}

void RequestPipeline::close() {
  open_ = false;
  waiting_.clear();
  acknowledging_.clear();
  syncing_.clear();
}

void RequestPipeline::clear() {
  close();
  in_order_.clear();
  disk_failed_ = false;
}

void RequestPipeline::set_hold(bool hold) {
  if (planted(Bug::keep_writing_without_lease)) hold = false;
  if (hold_ == hold) return;
  hold_ = hold;
  release();
}

void RequestPipeline::request(RequestId id, const Operation& operation) {
  if (!open_) return;
  if (outstanding() >= context_.settings.requests_pending_max) {
    context_.mark("request refused: too many outstanding");
    context_.ports.mount.reply(id, io::Reply{EAGAIN, 0, {}});
    return;
  }
  if (hold_ || !waiting_.empty() || stream_.window_full()) {
    context_.mark("request held");
    waiting_.push_back({id, operation});
    return;
  }
  submit(id, operation);
}

void RequestPipeline::submit(RequestId id, const Operation& operation) {
  const Ticket ticket = context_.next_ticket();
  if (operation.kind == OperationKind::sync) {
    Operation sync = operation;
    if (context_.settings.durability == Durability::commit) {
      // The only moment at which this mode promises anything: everything before it, of whatever file.
      sync.file = FileId::none();
      sync.flags = 0;
    }
    in_order_.push_back({ticket, id, std::move(sync)});
    begin_syncs_in_turn();
    return;
  }
  in_order_.push_back({ticket, id, Operation{.kind = operation.kind}});
  context_.ports.volume.apply(ticket, operation, io::Origin::application);
}

bool RequestPipeline::applied(const io::Applied& event) {
  if (in_order_.empty() || in_order_.front().ticket != event.ticket) return false;
  const RequestId request = in_order_.front().request;
  in_order_.pop_front();
  const io::Reply reply{event.error, event.bytes, event.effect.file};
  if (event.error != 0) {
    if (open_) context_.ports.mount.reply(request, reply);
  } else {
    const Lsn lsn = event.replicated ? stream_.order(event.effect, request) : Lsn(0);
    if (open_) acknowledging_.push_back({request, lsn, event.effect.kind, reply});
  }
  begin_syncs_in_turn();
  release();
  return true;
}

// A sync stands in the stream behind everything that was submitted before it, so it waits until that has its place.
void RequestPipeline::begin_syncs_in_turn() {
  while (!in_order_.empty() && in_order_.front().operation.kind == OperationKind::sync) {
    const InOrder& next = in_order_.front();
    if (disk_failed_) {
      // The kernel reports a failed write-back once; the next fsync would be believed in vain.
      if (open_) context_.ports.mount.reply(next.request, io::Reply{EIO, 0, {}});
      in_order_.pop_front();
      continue;
    }
    const Lsn lsn = stream_.order(next.operation, next.request);
    const bool data_only = (next.operation.flags & flag_data_only) != 0;
    context_.ports.volume.sync(next.ticket, next.operation.file, data_only);
    if (open_) syncing_.emplace(next.ticket, Syncing{next.request, lsn, false});
    in_order_.pop_front();
  }
}

bool RequestPipeline::synced(const io::Synced& event) {
  if (commit_.owns(event.ticket)) {
    if (event.error != 0) {
      disk_failed_ = true;
    } else {
      commit_.done();
    }
    release();
    return true;
  }
  const auto found = syncing_.find(event.ticket);
  if (found == syncing_.end()) return false;
  if (event.error != 0) {
    // What a failed fsync has dropped nobody knows: the caller is told, and this disk is not trusted any more.
    context_.mark("local sync failed");
    disk_failed_ = true;
    context_.ports.mount.reply(found->second.request, io::Reply{event.error, 0, {}});
    syncing_.erase(found);
  } else {
    found->second.local_done = true;
  }
  release();
  return true;
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
  if (!waiting.local_done) return false;
  const StreamAcknowledgement& peer = stream_.peer_position();
  const Lsn reached = planted(Bug::acknowledge_sync_before_peer_disk) ? peer.applied : peer.synced;
  return stream_.peer() != PeerStanding::counted || reached >= waiting.lsn;
}

void RequestPipeline::release() {
  if (!open_ || hold_) return;
  if (context_.settings.durability == Durability::durable) {
    if (disk_failed_) return refuse_all();
    commit_.want(stream_.last());
  }
  while (!acknowledging_.empty() && promised(acknowledging_.front())) {
    const Acknowledging& ready = acknowledging_.front();
    reply(ready.request, ready.lsn, ready.kind, ready.reply);
    acknowledging_.pop_front();
  }
  for (auto sync = syncing_.begin(); sync != syncing_.end();) {
    if (!promised(sync->second)) {
      ++sync;
      continue;
    }
    reply(sync->second.request, sync->second.lsn, OperationKind::sync, io::Reply{});
    sync = syncing_.erase(sync);
  }
  pump();
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
  while (!waiting_.empty() && !stream_.window_full()) {
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
