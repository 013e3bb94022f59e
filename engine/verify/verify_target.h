// The other node's side of a verify: reads the same part of its tree at the same place of the stream, and says what
// differs. The stream is not held up by it: what follows is handed to the volume behind it at once.
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"

#include <map>
#include <optional>
#include <vector>

namespace lockstep::engine {

/// An answer that leaves once what it speaks of is kept.
struct Keeping {
  FileId file;
  std::uint64_t repair = 0;
  Verified answer;
};

class VerifyTarget {
 public:
  explicit VerifyTarget(Context& context) : context_(context) {}

  /// The question has come at its place: everything before is at the volume, nothing behind it is. False if nobody
  /// honest would ask that now.
  bool ask(const VerifyRegion& question, Epoch reign);
  bool ask(const VerifyNames& question);
  /// Whoever asked has gone.
  void abandon();

  // --- events; each returns whether the ticket was this target's ---
  bool digested(const io::Digested& event);
  bool scanned(const io::Scanned& event);
  bool set_aside(const io::SetAside& event);
  void heartbeat();

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.reign_);
    archive.table(self.regions_, [&archive](auto& q) {
      archive(q.question, q.lsn, q.file, q.offset, q.chunk_bytes, q.chunks, q.repair);
      archive.digests(q.digests);
    });
    archive.table(self.keeping_, [&archive](auto& k) {
      archive(k.file, k.repair, k.answer.question, k.answer.error, k.answer.differing);
    });
    archive.table(self.left_over_, [&archive](auto& file) { archive(file); });
    archive.maybe(self.waiting_, [&archive](auto& k) {
      archive(k.file, k.repair, k.answer.question, k.answer.error, k.answer.differing);
    });
    archive.table(self.names_, [&archive](auto& q) {
      archive(q.question, q.lsn, q.directory, q.from, q.entries_max);
      recording::manifest_fields(q.manifest, archive);
    });
  }

 private:
  [[nodiscard]] bool busy() const { return !regions_.empty() || !names_.empty() || !keeping_.empty() || waiting_; }
  void read(Ticket ticket, const VerifyRegion& question);
  /// What this node has of the file is about to be overwritten with what the primary has, though nobody knows which of
  /// the two is right: it is kept aside before the answer leaves.
  void keep(const VerifyRegion& question, Verified answer);
  void keep_waiting();

  Context& context_;
  Epoch reign_;  ///< of the primary that asks
  std::map<Ticket, VerifyRegion> regions_;
  std::map<Ticket, VerifyNames> names_;
  std::map<Ticket, Keeping> keeping_;
  std::map<Ticket, FileId> left_over_;  ///< being set aside, and nobody waits for it any more
  std::optional<Keeping> waiting_;      ///< until nothing is left over
  std::vector<Ticket> late_;            ///< only with a planted bug
};

}  // namespace lockstep::engine
