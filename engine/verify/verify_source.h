// The primary's side of a verify: compares what both nodes have, part by part, without a lock and without a pause.
//
// Its own volume reads a part of the tree at one place of the stream. What it has there goes to the other node as a
// message, before anything that is ordered later; so the other node's volume reads the same part at the same place, and
// compares (engine/verify/verify_target). One part at a time, and a rest after each, so that the application has the
// volume for most of the time. A question that was lost with its connection is asked once more on the next.
//
// Two nodes that differ cannot tell who is right. So what differs is listed, and stays as it is until an administrator
// has it repaired from the primary. Where the other node's disk has refused to read, this node's bytes are the good
// ones, and are written there at once. Contents are repaired as a resync does: ordered in the stream where they were
// read, and then compared again.
//   verify_source.cpp    the course of a job, and directories
//   verify_contents.cpp  contents of files
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"
#include "engine/replication/primary_stream.h"
#include "engine/verify/mismatch_list.h"
#include "engine/verify/verify_walk.h"

#include <deque>
#include <optional>

namespace lockstep::engine {

class VerifySource {
 public:
  VerifySource(Context& context, PrimaryStream& stream)
      : context_(context), stream_(stream), walk_(context), list_(context) {}

  /// `repair`: a fresh number, of a repair.
  void begin(VerifyJob job, std::uint64_t repair = 0);
  /// It comes to nothing; what was found stays listed.
  void abandon();
  /// What is about to be overwritten on the other node, in a way that it may forget in a power loss: to be listed as
  /// touched first. Empty: nothing waits for that.
  [[nodiscard]] std::vector<Touch> to_be_listed();
  /// It is.
  void listed() { fill_next(); }
  /// The connection is lost: what is under way will be done again.
  void interrupt();
  [[nodiscard]] VerifyJob job() const { return job_; }
  [[nodiscard]] bool running() const { return job_ != VerifyJob::none; }

  /// Begins what is next, if nothing is under way. To be called while the other node follows the stream. True where
  /// that ended the job.
  bool go_on();
  /// An operation of the application has got its place.
  void ordered(const Operation& effect) {
    if (running()) walk_.ordered(effect);
  }
  void answered(const Verified& answer);
  [[nodiscard]] const MismatchList& list() const { return list_; }

  // --- events; each returns whether the ticket was this source's ---
  bool scanned(io::Scanned& event);
  bool digested(const io::Digested& event);
  bool region_read(const io::RegionRead& event);

  // --- of the job that runs, or of the last one ---
  [[nodiscard]] std::uint64_t files() const { return files_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t repaired() const { return repaired_; }
  [[nodiscard]] std::optional<Instant> ended_at() const { return ended_at_; }
  [[nodiscard]] bool complete() const { return complete_; }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    VerifyWalk::fields(self.walk_, archive);
    MismatchList::fields(self.list_, archive);
    archive.ranged(self.job_, VerifyJob::repair);
    archive.ranged(self.stage_, Stage::filling);
    archive(self.ticket_, self.repair_, self.question_, self.unanswered_, self.began_, self.asked_at_, self.not_before_,
            self.filled_, self.beneath_unknown_, self.chunks_, self.narrow_until_);
    archive.maybe(self.listing_, [&archive](auto& listing) { recording::manifest_fields(listing, archive); });
    archive(self.listing_ends_, self.answerable_);
    archive.list(self.to_fill_, [&archive](auto& offset) { archive(offset); });
    archive(self.files_, self.bytes_, self.repaired_, self.complete_);
    archive.maybe(self.ended_at_, [&archive](auto& at) { archive(at); });
  }

 private:
  enum class Stage : std::uint8_t {
    resting,  ///< nothing is under way
    reading,  ///< by the own volume: entries or digests
    asking,   ///< the other node
    listing,  ///< what is about to be overwritten on the other node
    filling,  ///< a chunk is read by the own volume, to be ordered
  };

  void set_back();
  void ask_own_volume(VerifyItem& item);
  /// The own volume has answered: it rests in proportion to the time that it took.
  void rest();
  void end(bool complete);
  void ask_names(VerifyItem& item, const Manifest& manifest);
  void answered_names(VerifyItem& item, const Verified& answer);
  void answered_region(VerifyItem& item, const Verified& answer);
  void fill_next();
  void fill(const io::RegionRead& event);
  void region_done(VerifyItem& item, bool unread_here = false);
  void directory_done(const VerifyItem& item);
  void file_done();
  /// No name leads to it any more.
  void gone(const VerifyItem& item);
  void unreadable(const VerifyItem& item, MismatchKind kind, std::int32_t error);
  void note(KnownMismatch mismatch);
  [[nodiscard]] bool repairs() const { return job_ == VerifyJob::repair; }
  /// Of the region at hand.
  [[nodiscard]] std::uint64_t region_bytes() const {
    return std::uint64_t{context_.settings.pull_chunk_bytes} * chunks_;
  }

  Context& context_;
  PrimaryStream& stream_;
  VerifyWalk walk_;
  MismatchList list_;
  VerifyJob job_ = VerifyJob::none;
  Stage stage_ = Stage::resting;
  bool filled_ = false;           ///< the region at hand was written anew on the other node
  bool beneath_unknown_ = false;  ///< a directory could not be read, so nobody looked at what it leads to
  bool listing_ends_ = false;     ///< no entries follow it
  bool complete_ = false;
  std::uint32_t chunks_ = 1;  ///< of the region at hand
  std::uint64_t repair_ = 0;
  Ticket ticket_;                 ///< at the own volume
  std::uint64_t question_ = 0;    ///< the last one's number
  std::uint64_t unanswered_ = 0;  ///< the question that the other node works on, be it of a job given up; 0: none
  std::uint64_t began_ = 0;       ///< the number of this job's first question
  Instant asked_at_;              ///< the own volume
  Instant not_before_;
  std::uint64_t narrow_until_ = 0;     ///< of the file at hand: up to there a chunk at a time
  std::optional<Manifest> listing_;    ///< what the other node is asked about
  std::uint64_t answerable_ = 0;       ///< the chunks that the other node is asked about
  std::deque<std::uint64_t> to_fill_;  ///< offsets of chunks
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t repaired_ = 0;
  std::optional<Instant> ended_at_;
};

}  // namespace lockstep::engine
