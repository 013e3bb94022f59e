#include "sim/volume/ranges.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
std::uint64_t end_of(std::uint64_t offset, std::uint64_t length) {
  return length > UINT64_MAX - offset ? UINT64_MAX : offset + length;
}
}  // namespace

void Ranges::add(FileId file, std::uint64_t offset, std::uint64_t length) {
  if (length > 0) by_file_[file].push_back({offset, end_of(offset, length)});
}

void Ranges::add(const Ranges& others) {
  for (const auto& [file, ranges] : others.by_file_) {
    std::vector<Range>& here = by_file_[file];
    here.insert(here.end(), ranges.begin(), ranges.end());
  }
}

void Ranges::remove(FileId file, std::uint64_t offset, std::uint64_t length) {
  const auto found = by_file_.find(file);
  if (found == by_file_.end()) return;
  const std::uint64_t end = end_of(offset, length);
  std::vector<Range> left;
  for (const Range& range : found->second) {
    if (range.begin < offset) left.push_back({range.begin, std::min(range.end, offset)});
    if (range.end > end) left.push_back({std::max(range.begin, end), range.end});
  }
  found->second = std::move(left);
}

bool Ranges::touch(FileId file, std::uint64_t offset, std::uint64_t length) const {
  const auto found = by_file_.find(file);
  if (found == by_file_.end()) return false;
  const std::uint64_t end = end_of(offset, length);
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const Range& range) { return range.begin < end && offset < range.end; });
}

void Ranges::remove_written(const Operation& effect) {
  if (by_file_.empty()) return;
  if (effect.kind == OperationKind::write || effect.kind == OperationKind::fill) {
    remove(effect.file, effect.offset, effect.data.size());
  } else if (effect.kind == OperationKind::allocate && (effect.flags & (flag_punch_hole | flag_zero_range)) != 0) {
    remove(effect.file, effect.offset, effect.length);
  } else if (effect.kind == OperationKind::set_attributes && (effect.attributes.mask & attribute_size) != 0) {
    remove(effect.file, effect.attributes.size_bytes, UINT64_MAX);
  }
}

std::vector<FileId> Ranges::files() const {
  std::vector<FileId> files;
  for (const auto& [file, ranges] : by_file_) {
    if (!ranges.empty()) files.push_back(file);
  }
  return files;
}

const std::vector<Range>* Ranges::of(FileId file) const {
  const auto found = by_file_.find(file);
  return found == by_file_.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace lockstep::sim
