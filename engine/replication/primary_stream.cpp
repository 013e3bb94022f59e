#include "engine/replication/primary_stream.h"

#include "engine/planted.h"
#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::engine {

void PrimaryStream::begin(Epoch reign, Lsn position, PeerStanding peer) {
  reign_ = reign;
  epoch_ = reign;
  last_ = position;
  peer_ = peer;
  detach();
  barrier_ = position;
  peer_position_ = {position, position, position};
  window_.clear();
  window_bytes_ = 0;
}

Lsn PrimaryStream::order(const Operation& effect, RequestId request) {
  last_ = last_.next();
  context_.ports.trace.record(io::OperationOrdered{request, epoch_, last_, &effect});
  if (peer_ == PeerStanding::counted) {
    window_.push_back({last_, epoch_, effect});
    window_bytes_ += effect.data.size();
  }
  if (!attached_) return last_;
  if (peer_ != PeerStanding::following || request == RequestId(0)) {
    send_batch();
    send(last_, epoch_, effect);
    return last_;
  }
  if (batch_.empty()) context_.ports.timers.arm(io::TimerId::batch, context_.now + context_.settings.batch_time);
  batch_.push_back({last_, epoch_, effect});
  batch_bytes_ += effect.data.size();
  if (batch_bytes_ >= context_.settings.batch_bytes_max) send_batch();
  return last_;
}

void PrimaryStream::send_batch() {
  if (batch_.empty()) return;
  if (batch_.size() > 1) context_.mark(Mark::stream_sends_batch);
  for (const Retained& entry : batch_) send(entry.lsn, entry.epoch, entry.operation);
  drop_batch();
}

void PrimaryStream::drop_batch() {
  if (!batch_.empty()) context_.ports.timers.cancel(io::TimerId::batch);
  batch_.clear();
  batch_bytes_ = 0;
}

void PrimaryStream::detach() {
  attached_ = false;
  drop_batch();
}

bool PrimaryStream::can_resume(Epoch reign, Lsn lsn) const {
  const bool same_reign = reign == reign_ || planted(Bug::resume_any_reign);
  if (peer_ != PeerStanding::counted || !same_reign || lsn > last_) {
    context_.mark(peer_ != PeerStanding::counted ? Mark::resume_not_counted
                  : reign != reign_              ? Mark::resume_of_another_reign
                                                 : Mark::resume_ahead);
    return false;
  }
  return window_.empty() ? lsn == last_ : lsn.next() >= window_.front().lsn;
}

void PrimaryStream::resume(Lsn lsn) {
  LOCKSTEP_CHECK(can_resume(reign_, lsn), "I4: a stream resumes only where nothing is missing");
  context_.mark(lsn == last_ ? Mark::resume_at_the_end : Mark::resume_sends_window);
  attached_ = true;
  for (const Retained& entry : window_) {
    if (entry.lsn > lsn) send(entry.lsn, entry.epoch, entry.operation);
  }
}

void PrimaryStream::follow() {
  peer_ = PeerStanding::following;
  attached_ = true;
  peer_position_ = {};
}

void PrimaryStream::count_peer() {
  send_batch();
  peer_ = PeerStanding::counted;
  barrier_ = last_;
}

bool PrimaryStream::caught_up() const {
  const bool durable = context_.settings.durability != Durability::durable || peer_position_.durable >= barrier_;
  return peer_ == PeerStanding::counted && attached_ && peer_position_.applied >= barrier_ &&
         peer_position_.synced >= barrier_ && durable;
}

void PrimaryStream::release_peer() {
  peer_ = PeerStanding::out;
  detach();
  window_.clear();
  window_bytes_ = 0;
}

bool PrimaryStream::acknowledged(const StreamAcknowledgement& acknowledgement) {
  if (peer_ == PeerStanding::out) return false;
  // What a slow node still has to apply of what came before it was counted is progress, too.
  bool moved = acknowledgement.applied > peer_position_.applied && peer_position_.applied < barrier_;
  peer_position_.applied = std::max(peer_position_.applied, acknowledgement.applied);
  peer_position_.synced = std::max(peer_position_.synced, acknowledgement.synced);
  peer_position_.durable = std::max(peer_position_.durable, acknowledgement.durable);
  // What every promise that can depend on the peer has been kept for is not needed any more.
  Lsn done = std::min(peer_position_.applied, peer_position_.synced);
  if (context_.settings.durability == Durability::durable) done = std::min(done, peer_position_.durable);
  while (!window_.empty() && window_.front().lsn <= done) {
    window_bytes_ -= window_.front().operation.data.size();
    window_.pop_front();
    moved = true;
  }
  return moved;
}

bool PrimaryStream::window_full() const {
  return window_.size() >= context_.settings.window_operations_max ||
         window_bytes_ >= context_.settings.window_bytes_max;
}

}  // namespace lockstep::engine
