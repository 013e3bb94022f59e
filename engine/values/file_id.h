// Identity of a file, directory or other inode: the same on both nodes, and kept across renames.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace lockstep {

/// Drawn by the engine for each object that it lets be created, and by a volume for what it finds without one; kept
/// beside the object (on Linux in the extended attribute `trusted.lockstep.identity`).
struct FileId {
  std::uint64_t high = 0;  ///< the period in which it was drawn; 0: before there was any
  std::uint64_t low = 0;   ///< random

  constexpr auto operator<=>(const FileId&) const = default;

  /// No file: an operation without that operand.
  static constexpr FileId none() { return {}; }
  /// The replicated directory itself.
  static constexpr FileId root() { return {0, 1}; }
  /// A directory beside the replicated tree, invisible to the application, on the same filesystem: where a
  /// resync parks objects between their old and their new name. Not part of the replicated contents.
  static constexpr FileId staging() { return {0, 2}; }
};

/// What lies between two common checkpoints of the nodes: later ones have higher numbers.
using Period = std::uint64_t;

/// Whether the object may have come into being since `from` began.
constexpr bool is_young(const FileId& id, Period from) { return id.high >= from; }

std::string to_string(const FileId& id);

}  // namespace lockstep

template <>
struct std::hash<lockstep::FileId> {
  std::size_t operator()(const lockstep::FileId& id) const noexcept {
    return static_cast<std::size_t>(id.high * 0x9E3779B97F4A7C15ULL ^ id.low);
  }
};
