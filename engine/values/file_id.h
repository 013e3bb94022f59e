// Identity of a file, directory or other inode: the same on both nodes, and kept across renames.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace lockstep {

/// Drawn at random (128 bits) by the volume that creates the object; kept beside the object
/// (on Linux in the extended attribute `trusted.lockstep.id`).
struct FileId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr auto operator<=>(const FileId&) const = default;

  /// No file: an operation without that operand.
  static constexpr FileId none() { return {}; }
  /// The replicated directory itself.
  static constexpr FileId root() { return {0, 1}; }
  /// A directory beside the replicated tree, invisible to the application, on the same filesystem: where a
  /// resync parks objects between their old and their new name. Not part of the replicated contents.
  static constexpr FileId staging() { return {0, 2}; }
};

std::string to_string(const FileId& id);

}  // namespace lockstep

template <>
struct std::hash<lockstep::FileId> {
  std::size_t operator()(const lockstep::FileId& id) const noexcept {
    return static_cast<std::size_t>(id.high * 0x9E3779B97F4A7C15ULL ^ id.low);
  }
};
