// The primary's end of the replication stream: gives operations their place, sends them, keeps what the replica has
// not acknowledged so that a broken connection can go on where it broke.
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"
#include "engine/values/queue.h"

namespace lockstep::engine {

/// How much acknowledgements depend on the peer.
enum class PeerStanding : std::uint8_t {
  out,        ///< not at all; nothing is sent
  following,  ///< not at all; it is being brought up to date and gets the stream
  counted,    ///< nothing is acknowledged without it
};

class PrimaryStream {
 public:
  explicit PrimaryStream(Context& context) : context_(context) {}

  /// A new reign: this node was elected in `reign`; its tree is at `position`.
  void begin(Epoch reign, Lsn position, PeerStanding peer);
  /// The epoch of the present configuration, which every operation carries.
  void set_epoch(Epoch epoch) { epoch_ = epoch; }

  /// Gives `effect` the next place and sends it where somebody follows. `request` is 0 for resync's own. To a node
  /// that nothing waits for, what the application does is sent in batches: each waking costs both nodes time.
  Lsn order(const Operation& effect, RequestId request);
  /// Sends what waits for its batch (TimerId::batch).
  void send_batch();

  // --- the peer's connection ---
  [[nodiscard]] bool can_resume(Epoch reign, Lsn lsn) const;
  void resume(Lsn lsn);
  void follow();
  void detach();
  [[nodiscard]] bool attached() const { return attached_; }

  // --- the peer's standing ---
  [[nodiscard]] PeerStanding peer() const { return peer_; }
  /// From the next operation on, acknowledgements wait for the peer.
  void count_peer();
  /// The peer has everything that was acknowledged without it.
  [[nodiscard]] bool caught_up() const;
  void release_peer();

  /// Whether the oldest operation that waited for the peer does not wait any more.
  bool acknowledged(const StreamAcknowledgement& acknowledgement);
  [[nodiscard]] const StreamAcknowledgement& peer_position() const { return peer_position_; }
  [[nodiscard]] bool window_full() const;
  [[nodiscard]] bool window_empty() const { return window_.empty(); }
  [[nodiscard]] std::size_t window_operations() const { return window_.size(); }
  [[nodiscard]] std::size_t window_bytes() const { return window_bytes_; }

  [[nodiscard]] Epoch reign() const { return reign_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] Lsn last() const { return last_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.reign_, self.epoch_, self.last_);
    archive.ranged(self.peer_, PeerStanding::counted);
    archive(self.attached_, self.barrier_, self.peer_position_, self.window_bytes_);
    archive(self.batch_bytes_);
    for (auto* list : {&self.window_, &self.batch_}) {
      archive.list(*list, [&archive](auto& entry) {
        archive(entry.lsn, entry.epoch);
        recording::operation_fields(entry.operation, archive);
      });
    }
  }

 private:
  struct Retained {
    Lsn lsn;
    Epoch epoch;
    Operation operation;
  };
  void drop_batch();
  void send(Lsn lsn, Epoch epoch, const Operation& operation) {
    context_.send_peer(StreamOperation{epoch, lsn, operation});
  }

  Context& context_;
  Epoch reign_;
  Epoch epoch_;
  Lsn last_;
  PeerStanding peer_ = PeerStanding::out;
  bool attached_ = false;
  Lsn barrier_;  ///< last operation that could be acknowledged without the peer
  StreamAcknowledgement peer_position_;
  Queue<Retained> window_;  ///< unacknowledged, in order, while the peer counts
  std::size_t window_bytes_ = 0;
  Queue<Retained> batch_;  ///< ordered, and not yet sent to a node that merely follows
  std::size_t batch_bytes_ = 0;
};

}  // namespace lockstep::engine
