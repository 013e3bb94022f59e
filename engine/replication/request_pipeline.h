// The way of a request through the primary: applied locally, given its place in the stream, answered when what its
// acknowledgement promises is true.
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"
#include "engine/replication/group_commit.h"
#include "engine/replication/primary_stream.h"
#include "engine/resync/touched_set.h"
#include "engine/values/queue.h"

#include <map>

namespace lockstep::engine {

class RequestPipeline {
 public:
  RequestPipeline(Context& context, PrimaryStream& stream, TouchedSet& touched)
      : context_(context), stream_(stream), touched_(touched), commit_(context) {}

  /// A new reign: nothing outstanding.
  void open();
  /// Nothing is answered from now on; what is being applied still gets its place (see settled()).
  void close();
  /// While `hold`, requests are kept, neither applied nor answered: the primary cannot prove that it may.
  void set_hold(bool hold);

  void request(RequestId id, const Operation& operation);

  // --- events; each returns whether the ticket was this pipeline's ---
  bool applied(const io::Applied& event);
  bool synced(const io::Synced& event);

  /// Answers what may be answered; to be called after anything that may have moved: acknowledgements, the lease,
  /// the peer's standing.
  void release();

  /// Every operation that was begun has its place in the stream.
  [[nodiscard]] bool settled() const { return in_order_.empty(); }
  /// The last operation that was begun; 0: every one has its place.
  [[nodiscard]] Ticket begun() const { return in_order_.empty() ? Ticket(0) : in_order_.back().ticket; }
  /// Whether that one and all before it have their places.
  [[nodiscard]] bool ordered(Ticket last) const { return in_order_.empty() || in_order_.front().ticket > last; }
  [[nodiscard]] std::size_t outstanding() const {
    return waiting_.size() + in_order_.size() + acknowledging_.size() + syncing_.size();
  }
  /// A local sync has failed, now or in an earlier reign: the disk is not believed any more. Every sync that it has not
  /// confirmed yet is answered with EIO, and every later one.
  void distrust_disk();
  [[nodiscard]] bool disk_failed() const { return disk_failed_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    GroupCommit::fields(self.commit_, archive);
    archive(self.open_, self.hold_, self.disk_failed_);
    archive.list(self.waiting_, [&archive](auto& waiting) {
      archive(waiting.request);
      recording::operation_fields(waiting.operation, archive);
    });
    archive.list(self.in_order_, [&archive](auto& next) {
      archive(next.ticket, next.request);
      recording::operation_fields(next.operation, archive);
    });
    archive.list(self.acknowledging_, [&archive](auto& waiting) {
      archive(waiting.request, waiting.lsn, waiting.kind, waiting.reply.error, waiting.reply.bytes, waiting.reply.file);
    });
    archive.table(self.syncing_, [&archive](auto& waiting) {
      archive(waiting.request, waiting.lsn, waiting.local_done, waiting.reply.error, waiting.reply.bytes,
              waiting.reply.file);
    });
  }

 private:
  struct Waiting {
    RequestId request;
    Operation operation;
  };
  /// Being applied, or (kind sync) waiting for its turn behind what is being applied.
  struct InOrder {
    Ticket ticket;
    RequestId request;
    Operation operation;  ///< kept for sync only; of others the kind, and whether it was asked of an earlier life
  };
  struct Acknowledging {
    RequestId request;
    Lsn lsn;  ///< 0: concerns this node only
    OperationKind kind;
    io::Reply reply;
  };
  struct Syncing {
    RequestId request;
    Lsn lsn;
    bool local_done = false;
    io::Reply reply;
  };

  void submit(RequestId id, Operation operation);
  void confirm_done_before(RequestId request, const io::Reply& reply);
  void begin_syncs_in_turn();
  void begin_sync(Ticket ticket, RequestId request, const Operation& operation, const io::Reply& reply);
  void release_syncs();
  void refuse_all();
  void pump();
  [[nodiscard]] bool promised(const Acknowledging& waiting) const;
  [[nodiscard]] bool promised(const Syncing& waiting) const;
  void reply(RequestId request, Lsn lsn, OperationKind kind, const io::Reply& reply);

  Context& context_;
  PrimaryStream& stream_;
  TouchedSet& touched_;
  GroupCommit commit_;
  bool open_ = false;
  bool hold_ = false;
  bool disk_failed_ = false;
  Queue<Waiting> waiting_;
  Queue<InOrder> in_order_;
  Queue<Acknowledging> acknowledging_;
  std::map<Ticket, Syncing> syncing_;
};

}  // namespace lockstep::engine
