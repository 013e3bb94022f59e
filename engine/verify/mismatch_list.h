// What is known to differ between the nodes, or cannot be read on one of them, until it has been looked at again.
#pragma once

#include "engine/context.h"
#include "engine/resync/touch.h"
#include "engine/values/mismatch.h"
#include "engine/verify/verify_walk.h"

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

namespace lockstep::engine {

/// A mismatch as it was found.
struct KnownMismatch {
  FileId file{};
  MismatchKind kind{};
  std::uint64_t offset = 0;  ///< of the region of contents that was compared
  FileId directory{};        ///< of attributes and names: where it was come upon; none: of contents
  std::string path{};
  std::uint64_t chunks = 0;  ///< of contents: a bit for each that differs
  std::int32_t error = 0;
  std::uint64_t found_by = 0;  ///< number of the question
};

class MismatchList {
 public:
  explicit MismatchList(Context& context) : context_(context) {}

  void add(KnownMismatch found);
  /// Everything is looked at: what is not remembered one by one is counted again.
  void count_anew() { beyond_ = 0; }
  /// The region is the same on both nodes.
  void region_equal(FileId file, std::uint64_t begin, std::uint64_t end);
  /// Of the directory only what was found by a question since then is right.
  void directory_done(FileId directory, std::uint64_t since);
  /// No name leads to it any more.
  void gone(FileId file);
  /// Everything was looked at since that question.
  void everything_done(std::uint64_t since);

  [[nodiscard]] std::uint64_t count() const { return known_.size() + beyond_; }
  [[nodiscard]] bool names_among() const;
  /// This node's disk has lost something, so nothing can be taken from here by a resync.
  [[nodiscard]] bool unreadable_here_among() const;
  [[nodiscard]] std::vector<Mismatch> all() const;
  /// What to look at again.
  [[nodiscard]] std::vector<VerifyItem> items() const;
  /// What a resync has to compare to repair names and attributes. Contents are not among it: a resync would overwrite
  /// a version that may be the good one, or stop at what cannot be read here.
  [[nodiscard]] std::vector<Touch> touches() const;

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.beyond_);
    archive.table(self.known_, [&archive](auto& m) {
      archive(m.file);
      archive.ranged(m.kind, MismatchKind::unreadable_there);
      archive(m.offset, m.directory, m.path, m.chunks, m.error, m.found_by);
    });
  }

 private:
  struct Key {
    FileId file;
    MismatchKind kind{};
    std::uint64_t offset = 0;
    auto operator<=>(const Key&) const = default;
    static void fields(auto& self, auto& archive) {
      archive(self.file);
      archive.ranged(self.kind, MismatchKind::unreadable_there);
      archive(self.offset);
    }
  };

  Context& context_;
  std::map<Key, KnownMismatch> known_;
  std::uint64_t beyond_ = 0;  ///< found, and not remembered one by one
};

}  // namespace lockstep::engine
