// The numbers under which the kernel knows objects of one FUSE session.
#pragma once

#include "engine/values/file_id.h"
#include "io/linux/fuse_state.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

namespace lockstep::linux_io {

/// A number follows from the identity, so that one table is enough. Never that of another object in the same session,
/// unless the kernel has forgotten that. Lives on the loop's thread.
class FuseNodes {
 public:
  /// `state` outlives it. What an earlier life knew is known.
  explicit FuseNodes(FuseState& state);

  /// The number of an object that is about to be told to the kernel: counts one lookup.
  std::uint64_t remember(const FileId& id, const ObjectIndex::Place& place = {});
  /// FileId::none(): unknown number.
  [[nodiscard]] FileId id_of(std::uint64_t number) const;
  /// Where an object was found that the kernel knows.
  [[nodiscard]] std::optional<ObjectIndex::Place> place_of(const FileId& id) const;
  /// The kernel has been told these permissions of the object, and may keep them.
  void told_mode(const FileId& id, std::uint32_t mode);
  /// Whether it has a set-user-ID or set-group-ID bit, as the kernel was told last.
  [[nodiscard]] bool privileged(const FileId& id) const;
  /// The number of the object if the kernel may have such a bit cached; or 0.
  [[nodiscard]] std::uint64_t told_privileged(const FileId& id) const;
  /// It has none cached any more.
  void untold_privileged(const FileId& id);

  /// The kernel drops `lookups` of its references. Returns what was kept for them and is no longer, or
  /// FileId::none().
  FileId forget(std::uint64_t number, std::uint64_t lookups);
  /// Marks an object that stays open for as long as the kernel refers to it; counts as one open file. Returns false
  /// if the kernel does not, or it is marked already.
  bool keep(const FileId& id);

  /// Counts the open files of an object, so that all can be closed when the session ends.
  void opened(const FileId& id);
  /// Returns whether one was counted.
  bool released(const FileId& id);
  /// By an application, not only kept.
  [[nodiscard]] bool is_open(const FileId& id) const;
  /// None of its open files can be opened again.
  void lose_opens(const FileId& id);
  /// Calls `visit` for each object that is open, with how often it is.
  void for_each_open(const std::function<void(const FileId& id, std::uint64_t opens)>& visit) const;

 private:
  using Node = FuseState::Node;
  [[nodiscard]] Node* find(const FileId& id) const;
  void drop_if_unused(Node* node);

  FuseState& state_;
  std::unordered_map<FileId, std::uint64_t> displaced_;  ///< whose own number was another's: next to none
};

}  // namespace lockstep::linux_io
