// The primary's side of a resync: describes its tree once, then answers pulls by regions that differ, each ordered
// in the stream at the very place where it was read, so that nothing newer is ever overwritten (I8).
#pragma once

#include "engine/context.h"
#include "engine/replication/primary_stream.h"
#include "engine/resync/pace.h"
#include "engine/resync/touch.h"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace lockstep::engine {

class ResyncSource {
 public:
  ResyncSource(Context& context, PrimaryStream& stream) : context_(context), stream_(stream), pace_(context) {}

  /// A node is to be brought up to date over the present connection: all of it, or what may differ.
  void begin();
  /// `theirs`: what that node has listed; `own`: what this one has.
  void begin(const std::vector<Touch>& theirs, std::vector<Touch> own, Period young_from);
  void abandon();
  [[nodiscard]] bool scanning() const { return scan_ != Ticket(0); }
  /// The own tree is looked at, be it for a resync that was abandoned since: another one would wait for that to end.
  [[nodiscard]] bool walking() const { return scanning() || abandoned_ != Ticket(0); }
  /// False for a while after the own tree could not be read.
  [[nodiscard]] bool ready() const { return context_.now >= not_before_; }

  /// A request that no honest node would make gives the connection up.
  void pull(const Pull& request);
  /// The application has asked for something: a resync makes way.
  void application_works() { pace_.application_works(); }

  // --- events; each returns whether the ticket was this source's ---
  bool scanned(const io::Scanned& event);
  bool digested(const io::Digested& event);
  bool region_read(const io::RegionRead& event);
  void heartbeat();
  void rested() { serve(); }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.scan_, self.abandoned_, self.not_before_, self.asked_bytes_);
    archive.maybe(self.described_, [&archive](auto& lsn) { archive(lsn); });
    archive.list(self.touches_, [&archive](auto& touch) { archive(touch); });
    archive.table(self.jobs_, [&archive](auto& job) {
      auto& pull = job.request;
      archive(pull.pull, pull.file, pull.offset, pull.chunk_bytes, pull.chunks, pull.hollow, job.differing,
              job.reads_left, job.begun, job.bytes);
      archive.digests(pull.digests);
    });
    archive.table(self.digests_, [&archive](auto& job) { archive(job); });
    archive.table(self.reads_, [&archive](auto& read) { archive(read.job, read.offset, read.length); });
    archive.list(self.waiting_, [&archive](auto& job) { archive(job); });
    Pace::fields(self.pace_, archive);
  }

 private:
  struct Job {
    Pull request;
    std::uint64_t differing = 0;  ///< a bit for each chunk that is to be compared by blocks
    std::size_t reads_left = 0;
    Instant begun;
    std::uint64_t bytes = 0;  ///< sent so far
  };
  struct Read {
    std::uint64_t job;
    std::uint64_t offset;
    std::uint64_t length;
  };

  /// Begins with what waits, as far as the pace allows.
  void serve();
  void begin_job(Job& job);
  void send_manifest(const Manifest& manifest, bool last);
  /// What differs is read, or marked to be compared by blocks first.
  void compare(std::uint64_t number, const std::vector<std::uint64_t>& digests);
  void read(const Read& region);
  void fill(const Read& read, const io::RegionRead& event);
  void finish(std::uint64_t job);
  /// The own tree cannot be read: nobody is brought up to date with what is not known (I14).
  void fail(const std::string& what, int error);

  Context& context_;
  PrimaryStream& stream_;
  Ticket scan_;
  Ticket abandoned_;              ///< a scan that nobody waits for any more, and that has not ended
  std::optional<Lsn> described_;  ///< the place that the manifest describes, once its first part is here
  std::vector<Touch> touches_;    ///< this node's, that go with the manifest
  Instant not_before_;
  std::map<std::uint64_t, Job> jobs_;  ///< by the asker's pull number
  std::uint64_t asked_bytes_ = 0;      ///< by all of them
  std::deque<std::uint64_t> waiting_;  ///< those of them that have not begun
  Pace pace_;
  std::map<Ticket, std::uint64_t> digests_;
  std::map<Ticket, Read> reads_;
  std::vector<std::pair<Read, io::RegionRead>> late_;  ///< only with a planted bug
};

}  // namespace lockstep::engine
