// The numbers under which the kernel knows objects of one FUSE session.
#pragma once

#include "engine/values/file_id.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace lockstep::linux_io {

/// A number follows from the identity, so that one table is enough: it costs 60 bytes for each object that the kernel
/// refers to, and an application may make it refer to millions. Never that of another object in the same session,
/// unless the kernel has forgotten that. Lives on the loop's thread.
class FuseNodes {
 public:
  FuseNodes();

  /// The number of an object that is about to be told to the kernel: counts one lookup.
  std::uint64_t remember(const FileId& id);
  /// FileId::none(): unknown number.
  [[nodiscard]] FileId id_of(std::uint64_t number) const;
  /// The kernel has been told these permissions of the object, and may keep them.
  void told_mode(const FileId& id, std::uint32_t mode);
  /// Whether it has a set-user-ID or set-group-ID bit, as the kernel was told last.
  [[nodiscard]] bool privileged(const FileId& id);
  /// The number of the object if the kernel was told of such a bit since the last call; or 0.
  std::uint64_t take_privileged(const FileId& id);

  /// The kernel drops `lookups` of its references. Returns what was kept for them and is no longer, or
  /// FileId::none().
  FileId forget(std::uint64_t number, std::uint64_t lookups);
  /// Marks an object that stays open for as long as the kernel refers to it; counts as one open file. Returns false
  /// if the kernel does not, or it is marked already.
  bool keep(const FileId& id);

  /// Counts the open files of an object, so that all can be closed when the session ends.
  void opened(const FileId& id);
  void released(const FileId& id);
  /// Calls `visit` once for each open file.
  void for_each_open(const std::function<void(const FileId&)>& visit) const;

 private:
  struct Node {
    FileId id;
    std::uint64_t lookups = 0;
    std::uint32_t opens = 0;
    bool privileged = false;
    bool told_privileged = false;  ///< and the kernel may have that cached
    bool kept = false;
  };
  using Nodes = std::unordered_map<std::uint64_t, Node>;
  Nodes::iterator find(const FileId& id);
  void drop_if_unused(Nodes::iterator node);

  Nodes nodes_;
  std::unordered_map<FileId, std::uint64_t> displaced_;  ///< whose own number was another's: next to none
};

}  // namespace lockstep::linux_io
