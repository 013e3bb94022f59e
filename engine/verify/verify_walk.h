// Where a verify has still to look: the whole tree, part by part, while the application goes on renaming things.
//
// Depth first, by identity. A name that is moved meanwhile may leave a place where nobody has looked for one where
// somebody has: so every name that is moved or linked is looked at in its new place, with all that is beneath it. An
// object is looked at again once however often it is moved, since from then on it is remembered by its identity.
#pragma once

#include "engine/context.h"
#include "engine/values/manifest.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace lockstep::engine {

/// A directory from an entry on, or a file from a place on.
struct VerifyItem {
  FileId id{};
  bool is_directory = false;
  std::string path{};    ///< as it was come upon
  std::string from{};    ///< directory: the next name is this or a later one
  bool single = false;   ///< directory: only the entry `from`, which was moved there
  bool descends = true;  ///< directory: what the entries lead to is looked at as well
  std::uint64_t offset = 0;
  std::uint64_t end = UINT64_MAX;  ///< file
  std::uint64_t bytes = 0;         ///< file: as many as it had when its directory was listed
  std::uint64_t began = 0;         ///< the number of the first question about it; 0: none yet
  static void fields(auto& self, auto& archive) {
    archive(self.id, self.is_directory, self.path, self.from, self.single, self.descends, self.offset, self.end,
            self.bytes, self.began);
  }
};

class VerifyWalk {
 public:
  explicit VerifyWalk(Context& context) : context_(context) {}

  void begin_with(std::vector<VerifyItem> items);
  void begin_at_root();
  void clear() { begin_with({}); }

  /// The operation has just got its place in the stream.
  void ordered(const Operation& effect);
  /// More was moved than is remembered.
  [[nodiscard]] bool lost() const { return moves_.size() + again_.size() > context_.settings.verify_moves_max; }

  /// What to look at now; null: nothing is left.
  [[nodiscard]] VerifyItem* next();
  /// What next() gave last; items pushed since lie beneath nothing else.
  [[nodiscard]] VerifyItem* current() { return &items_.back(); }
  void pop() { items_.pop_back(); }
  /// What the entries of `directory`, a stretch of its listing, lead to is looked at next.
  void descend(const VerifyItem& directory, const Manifest& listing);

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    const auto nothing = [](auto&) {};
    archive.list(self.items_, [&archive](auto& item) { archive(item); });
    archive.list(self.moves_, [&archive](auto& move) { archive(move.parent, move.name); });
    archive.table(self.linked_, nothing);
    archive.table(self.again_, nothing);
  }

 private:
  struct Moved {
    FileId parent;
    std::string name;
  };
  struct Nothing {};

  bool first_come_upon(FileId object);
  [[nodiscard]] bool looked_at(const VerifyItem& directory, const ManifestObject& object);

  Context& context_;
  std::vector<VerifyItem> items_;     ///< the last one is next
  std::deque<Moved> moves_;           ///< not looked at yet
  std::map<FileId, Nothing> linked_;  ///< files of several names that were come upon
  std::map<FileId, Nothing> again_;   ///< what was moved, and looked at again
};

}  // namespace lockstep::engine
