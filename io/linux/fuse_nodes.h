// The numbers under which the kernel knows objects of one FUSE session.
#pragma once

#include "engine/values/file_id.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace lockstep::linux_io {

/// A number is never used twice within a session. Lives on the loop's thread.
class FuseNodes {
 public:
  FuseNodes();

  /// The number of an object that is about to be told to the kernel: counts one lookup.
  std::uint64_t remember(const FileId& id);
  /// FileId::none(): unknown number.
  [[nodiscard]] FileId id_of(std::uint64_t number) const;
  /// The kernel has been told these permissions of the object, and may keep them.
  void told_mode(const FileId& id, std::uint32_t mode);
  /// The number of the object if the kernel was told of a set-user-ID or set-group-ID bit since the last call; or 0.
  std::uint64_t take_privileged(const FileId& id);

  /// The kernel drops `lookups` of its references.
  void forget(std::uint64_t number, std::uint64_t lookups);

  /// Counts the open files of an object, so that all can be closed when the session ends.
  void opened(const FileId& id);
  void released(const FileId& id);
  /// Calls `visit` once for each open file.
  void for_each_open(const std::function<void(const FileId&)>& visit) const;

 private:
  struct Node {
    FileId id;
    std::uint64_t lookups = 0;
    std::uint64_t opens = 0;
    bool privileged = false;  ///< as the kernel knows it
  };
  void drop_if_unused(std::unordered_map<std::uint64_t, Node>::iterator node);

  std::unordered_map<std::uint64_t, Node> nodes_;
  std::unordered_map<FileId, std::uint64_t> numbers_;
  std::uint64_t last_number_;
};

}  // namespace lockstep::linux_io
