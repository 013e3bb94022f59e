// Durable mode: one sync of the whole volume makes every operation applied before it durable, however many.
// The modification time of a write may be on disk later, as with O_DSYNC.
#pragma once

#include "engine/context.h"

#include <optional>

namespace lockstep::engine {

class GroupCommit {
 public:
  explicit GroupCommit(Context& context) : context_(context) {}

  void reset(Lsn durable) {
    running_.reset();
    durable_ = durable;
  }
  /// Everything up to `applied` is applied and is to become durable.
  void want(Lsn applied) {
    wanted_ = applied;
    if (running_ || wanted_ <= durable_) return;
    running_ = Running{context_.next_ticket(), wanted_};
    context_.ports.volume.sync(running_->ticket, FileId::none(), true);
  }
  [[nodiscard]] bool owns(Ticket ticket) const { return running_ && running_->ticket == ticket; }
  /// Its sync has succeeded: begins the next one if more has come meanwhile.
  void done() {
    durable_ = running_->covers;
    running_.reset();
    want(wanted_);
  }
  /// The ticket of the sync under way, if any.
  [[nodiscard]] std::optional<Ticket> under_way() const {
    return running_ ? std::optional(running_->ticket) : std::nullopt;
  }
  [[nodiscard]] Lsn durable() const { return durable_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive.maybe(self.running_, [&archive](auto& running) { archive(running.ticket, running.covers); });
    archive(self.wanted_, self.durable_);
  }

 private:
  struct Running {
    Ticket ticket;
    Lsn covers;
  };
  Context& context_;
  std::optional<Running> running_;
  Lsn wanted_;
  Lsn durable_;
};

}  // namespace lockstep::engine
