// Parts of files, by file: bytes that are known to be other than they should be.
#pragma once

#include "engine/values/operation.h"

#include <cstdint>
#include <map>
#include <vector>

namespace lockstep::sim {

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
};

class Ranges {
 public:
  void add(FileId file, std::uint64_t offset, std::uint64_t length);
  void add(const Ranges& others);
  void remove(FileId file, std::uint64_t offset, std::uint64_t length);
  void clear() { by_file_.clear(); }
  [[nodiscard]] bool touch(FileId file, std::uint64_t offset, std::uint64_t length) const;
  /// Takes out what the operation, applied, has given new bytes, or cut off.
  void remove_written(const Operation& effect);
  [[nodiscard]] std::vector<FileId> files() const;
  /// Null: none.
  [[nodiscard]] const std::vector<Range>* of(FileId file) const;

 private:
  std::map<FileId, std::vector<Range>> by_file_;
};

}  // namespace lockstep::sim
