// A tree as it must be after a history of operations: the checkers' own, simple idea of what each operation means.
// Shares no code with the simulated volume, so that a mistake in one shows as a difference.
#pragma once

#include "engine/values/operation.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lockstep::sim {

struct ModelObject {
  std::uint32_t mode = 0;  ///< with type bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime_ns = 0;
  std::string target;
  std::string bytes;
  std::map<std::string, std::string> xattrs;
  std::map<std::string, FileId> entries;
  std::uint32_t names = 0;

  bool operator==(const ModelObject&) const = default;
};

class Model {
 public:
  Model();

  /// Applies an effect as the stream carries it. Operations that change no tree (sync, filled) do nothing.
  /// Returns an empty text, or why the operation cannot be applied to this tree.
  std::string apply(const Operation& effect);

  [[nodiscard]] const std::map<FileId, ModelObject>& objects() const { return objects_; }
  [[nodiscard]] const ModelObject* find(FileId id) const;
  /// The object that a name leads to, if both are there.
  [[nodiscard]] std::optional<FileId> named(FileId parent, const std::string& name) const;
  /// The bytes of [offset, offset + length), fewer at the end; empty for what is not there.
  [[nodiscard]] std::string region(FileId id, std::uint64_t offset, std::uint64_t length) const;

  /// For taking over a tree that has no history: an object, then its names.
  ModelObject& import_object(FileId id) { return objects_[id]; }
  void import_name(FileId parent, const std::string& name, FileId id);

 private:
  std::string rename(const Operation& effect);
  void set_name(ModelObject& directory, const std::string& name, FileId id);
  void remove_name(ModelObject& directory, const std::string& name);

  std::map<FileId, ModelObject> objects_;
};

}  // namespace lockstep::sim
