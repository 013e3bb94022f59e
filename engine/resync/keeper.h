// Sets aside, before a resync replaces it, what only the returning node may have: its tree is a part of a history that
// does not go on (I17).
#pragma once

#include "engine/context.h"
#include "engine/recording/fields.h"
#include "engine/resync/compared_part.h"
#include "engine/values/conflict.h"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace lockstep::engine {

class Keeper {
 public:
  explicit Keeper(Context& context) : context_(context) {}

  /// The resync that begins ends a conflict.
  void expect(const Conflict& conflict) { conflict_ = conflict; }
  /// All that has to be kept in it is.
  [[nodiscard]] bool finished() const { return finished_; }
  /// What is to be kept, once both trees (or their parts) are known. Nothing without a conflict.
  void choose(const Manifest& mine, const Manifest& theirs, const ComparedPart* part);
  /// Begins. Whether there is anything to wait for.
  bool begin();
  void abandon();
  /// Calls of a resync that was abandoned are not answered yet: until then the tree must stay as it is.
  [[nodiscard]] bool unsettled() const { return !left_over_.empty(); }

  enum class Outcome {
    none,  ///< not its event, or of no use any more
    progress,
    done,
    failed,  ///< trouble() says why
  };
  Outcome set_aside(const io::SetAside& event);

  /// Why what has to be kept could not be, the last time that it was tried; empty: it could.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  void clear_trouble() { trouble_.clear(); }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive.maybe(self.conflict_, [&archive](auto& conflict) { archive(conflict); });
    archive.list(self.waiting_, [&archive](auto& object) { recording::object_fields(object, archive); });
    archive.table(self.in_flight_, [&archive](auto& bytes) { archive(bytes); });
    archive.table(self.left_over_, [&archive](auto& bytes) { archive(bytes); });
    archive(self.kept_, self.finished_);
    archive.spoken(self.trouble_);
  }

 private:
  void submit();
  [[nodiscard]] std::uint64_t bytes_left() const;

  Context& context_;
  std::optional<Conflict> conflict_;
  std::deque<ManifestObject> waiting_;
  std::map<Ticket, std::uint64_t> in_flight_;  ///< with the bytes of each
  std::map<Ticket, std::uint64_t> left_over_;
  std::uint64_t kept_ = 0;
  bool finished_ = false;
  std::string trouble_;
};

}  // namespace lockstep::engine
