// The replica's end of the replication stream: applies operations in the order of the primary, and says how far it
// got.
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"
#include "engine/replication/group_commit.h"
#include "engine/values/queue.h"

#include <map>
#include <optional>
#include <set>
#include <type_traits>

namespace lockstep::engine {

class ReplicaStream {
 public:
  /// Told of operations that concern a resync rather than the tree alone.
  class ResyncListener {
   public:
    virtual ~ResyncListener() = default;
    virtual void filled_region(std::size_t bytes) = 0;
    /// `differing`: a bit for each chunk of the pull that differs and is to be compared by blocks.
    virtual void pull_answered(std::uint64_t pull, std::uint64_t differing) = 0;
    /// Of a write that is held these contents are not kept: what the primary has there is to be asked for once the
    /// stream was released.
    virtual void contents_let_go(FileId file, std::uint64_t offset, std::uint64_t length) = 0;
    /// An operation is held: what the listener has asked for comes behind it, once the stream was released.
    virtual void holds_back() = 0;
    /// Nothing is held any more; contents are let go no more.
    virtual void released() = 0;
    /// Whether everything applied so far will be brought to disk before this node says that it has caught up.
    [[nodiscard]] virtual bool syncs_later() const = 0;
  };

  explicit ReplicaStream(Context& context) : context_(context), commit_(context) {}

  /// The stream goes on after `position`, which this node has applied.
  void resume(Epoch reign, Lsn position);
  /// The stream begins after `position`, but operations are kept until `release()`: the tree is not ready for them.
  /// What does not fit into the memory for it is contents first, of which the listener is told. What the listener has
  /// asked for itself, of files that there are, goes to the volume at once, as long as nothing is kept before it.
  void hold(Epoch reign, Lsn position, ResyncListener& listener);
  /// What is held goes to the volume, a little at a time, and what comes meanwhile is held behind it. The listener is
  /// told of the end, perhaps from within this call.
  void release();
  void detach();
  [[nodiscard]] bool attached() const { return attached_; }

  enum class Outcome { fine, protocol_error, failed };
  Outcome receive(const StreamOperation& message);
  /// Says how far this node is, if there is anybody to hear it.
  void acknowledge();
  /// Whether the ticket was this stream's, and what came of it.
  std::optional<Outcome> applied(const io::Applied& event);
  std::optional<Outcome> synced(const io::Synced& event);
  /// This node's disk has failed at something that this stream did not ask for.
  Outcome fail(int error) { return fail(applied_, error); }
  /// Of the last failure.
  [[nodiscard]] int error() const { return error_; }

  /// Where this node's tree stands: everything up to here, of that reign, is applied.
  [[nodiscard]] Epoch reign() const { return reign_; }
  [[nodiscard]] Lsn applied() const { return applied_; }
  /// Everything up to there is at the volume, and nothing behind it: as long as nothing is held back.
  [[nodiscard]] Lsn received() const { return received_; }
  [[nodiscard]] bool holding() const { return holding_; }
  /// An operation waits for release().
  [[nodiscard]] bool holds_something() const { return !held_.empty(); }
  [[nodiscard]] bool idle() const { return in_order_.empty() && held_.empty(); }
  /// The tree's position is known from elsewhere: the journal, or an own reign as primary.
  void set_position(Epoch reign, Lsn applied);

  /// All of its state, for a snapshot. `listener`: whom it tells if anybody.
  static void fields(auto& self, auto& archive, ResyncListener& listener) {
    const auto message_fields = [&archive](auto& message) {
      archive(message.epoch, message.lsn);
      recording::operation_fields(message.operation, archive);
    };
    GroupCommit::fields(self.commit_, archive);
    bool listened_to = self.listener_ != nullptr;
    archive(listened_to, self.attached_, self.holding_, self.releasing_, self.news_, self.reign_, self.received_,
            self.applied_, self.held_bytes_, self.lets_contents_go_, self.held_from_, self.error_);
    archive.list(self.held_, [&](auto& held) {
      message_fields(held.message);
      archive(held.contents_let_go);
    });
    archive.table(self.foldable_, [&archive](auto& index) { archive(index); });
    archive.list(self.in_order_, [&](auto& next) {
      archive(next.ticket);
      message_fields(next.held.message);
      archive(next.held.contents_let_go);
    });
    std::map<Ticket, bool> unattended;
    for (const Ticket ticket : self.unattended_syncs_) unattended.emplace(ticket, true);
    archive.table(unattended, [&archive](auto& listed) { archive(listed); });
    archive.table(self.syncing_, message_fields);
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      self.listener_ = listened_to ? &listener : nullptr;
      if (self.holding_ && !listened_to) archive.fail();
      for (const auto& [file, number] : self.foldable_) {
        if (number >= self.held_from_ + self.held_.size()) archive.fail();
      }
      self.unattended_syncs_.clear();
      for (const auto& [ticket, listed] : unattended) self.unattended_syncs_.insert(ticket);
    }
  }

 private:
  struct Held {
    StreamOperation message;
    bool contents_let_go = false;  ///< it is a write of which only the last byte is left, perhaps one for several
  };
  struct InOrder {
    Ticket ticket;
    Held held;
  };

  [[nodiscard]] bool passes(const Operation& operation) const;
  Outcome keep(const StreamOperation& message);
  void let_contents_go();
  void keep_without_contents(StreamOperation message);
  void hold_back(Held held);
  void go_on_releasing();
  void pass_what_was_let_go();
  void forget_held();
  void submit(Held held);
  void take_markers();
  Outcome fail(Lsn lsn, int error);
  void begin_commits_anew();
  [[nodiscard]] Lsn synced_up_to() const;

  Context& context_;
  GroupCommit commit_;
  ResyncListener* listener_ = nullptr;
  bool attached_ = false;
  bool holding_ = false;
  bool releasing_ = false;  ///< and no more than is still held
  bool news_ = false;       ///< something has been applied that no acknowledgement has told of, beside syncs under way
  std::int32_t error_ = 0;
  Epoch reign_;
  Lsn received_;
  Lsn applied_;
  Queue<Held> held_;
  std::uint64_t held_from_ = 0;  ///< the number of the first of them
  std::size_t held_bytes_ = 0;
  bool lets_contents_go_ = false;             ///< there was no room for them
  std::map<FileId, std::uint64_t> foldable_;  ///< the number of the held write that the file's next one may join
  Queue<InOrder> in_order_;
  std::set<Ticket> unattended_syncs_;          ///< whose success nobody waits for any more, but whose failure counts
  std::map<Ticket, StreamOperation> syncing_;  ///< in LSN order, since tickets rise
};

}  // namespace lockstep::engine
