// This node's volume as the parts of the engine call it: knows what it has not answered yet, so that a disk that hangs
// is noticed, and that nothing begins anew while it still works at what was before.
#pragma once

#include "engine/values/time.h"
#include "io/volume.h"

#include <cstdint>
#include <string>

#include <boost/container/flat_map.hpp>

namespace lockstep::engine {

class OwnDisk : public io::Volume {
 public:
  /// `now`: the time of the present step. Both outlive this object.
  OwnDisk(io::Volume& volume, const Instant& now) : volume_(volume), now_(now) {}

  void apply(Ticket ticket, const Operation& operation, io::Origin origin) override {
    unanswered_.emplace(ticket, now_);
    ++changing_;
    volume_.apply(ticket, operation, origin);
  }
  void sync(Ticket ticket, FileId file, bool data_only) override {
    unanswered_.emplace(ticket, now_);
    volume_.sync(ticket, file, data_only);
  }
  /// It takes as long as there are objects: it says nothing of a disk that hangs.
  void scan(Ticket ticket) override { volume_.scan(ticket); }
  void survey(Ticket ticket, const SurveyRequest& request) override {
    unanswered_.emplace(ticket, now_);
    volume_.survey(ticket, request);
  }
  void list(Ticket ticket, FileId directory, const std::string& from, std::uint32_t entries_max) override {
    unanswered_.emplace(ticket, now_);
    volume_.list(ticket, directory, from, entries_max);
  }
  void identify_in(Period period) override { volume_.identify_in(period); }
  /// A sync of everything for which nobody waits, however long it takes: it says nothing of a disk that hangs.
  void sync_unhurried(Ticket ticket) { volume_.sync(ticket, FileId::none(), false); }
  void digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
              std::uint32_t chunk_bytes) override {
    unanswered_.emplace(ticket, now_);
    volume_.digest(ticket, file, offset, length, chunk_bytes);
  }
  void read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
            std::uint32_t chunk_bytes) override {
    unanswered_.emplace(ticket, now_);
    volume_.read(ticket, file, offset, length, chunk_bytes);
  }

  /// Copying takes as long as there is to copy: it says nothing of a disk that hangs.
  void set_aside(Ticket ticket, FileId object, const Conflict& conflict) override {
    volume_.set_aside(ticket, object, conflict);
  }

  /// Something else that this node's disk has to do before anything can go on.
  void asked(Ticket ticket) { unanswered_.emplace(ticket, now_); }
  /// To be told of every answer.
  void answered(Ticket ticket) { unanswered_.erase(ticket); }
  void applied(Ticket ticket) {
    answered(ticket);
    --changing_;
  }

  /// Operations are still to take effect, whether or not anybody waits for them.
  [[nodiscard]] bool changing() const { return changing_ != 0; }
  /// How long the oldest unanswered call has been waiting.
  [[nodiscard]] Duration silent_for() const {
    return unanswered_.empty() ? Duration{} : now_ - unanswered_.begin()->second;
  }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive.table(self.unanswered_, [&archive](auto& since) { archive(since); });
    archive(self.changing_);
  }

 private:
  io::Volume& volume_;
  const Instant& now_;
  boost::container::flat_map<Ticket, Instant> unanswered_;  ///< tickets rise with time
  std::uint64_t changing_ = 0;
};

}  // namespace lockstep::engine
