#include "props/exerciser/file_model.h"

#include "engine/values/check.h"

#include <algorithm>

namespace lockstep::exerciser {
namespace {

std::uint64_t page_of(std::uint64_t offset) { return offset / page_bytes * page_bytes; }

}  // namespace

Bytes FileModel::read(std::uint64_t offset, std::uint64_t length) const {
  const std::uint64_t begin = std::min(offset, size());
  const std::uint64_t end = std::min(offset + length, size());
  return {content_.begin() + static_cast<std::ptrdiff_t>(begin), content_.begin() + static_cast<std::ptrdiff_t>(end)};
}

void FileModel::change(std::uint64_t offset, std::span<const std::byte> data) {
  std::copy(data.begin(), data.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
}

void FileModel::change_unsynced(std::uint64_t offset, std::span<const std::byte> data) {
  const std::uint64_t end = offset + data.size();
  for (auto page = unsynced_.lower_bound(page_of(offset)); page != unsynced_.end() && page->first < end; ++page) {
    const std::uint64_t from = std::max(offset, page->first);
    const std::uint64_t to = std::min(end, page->first + page_bytes);
    const auto part = data.subspan(from - offset, to - from);
    for (Bytes& version : page->second) {
      std::copy(part.begin(), part.end(), version.begin() + static_cast<std::ptrdiff_t>(from - page->first));
    }
  }
}

void FileModel::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (data.empty()) return;
  if (offset + data.size() > size()) resize(offset + data.size());
  change(offset, data);
  change_unsynced(offset, data);
}

void FileModel::store(std::uint64_t offset, std::span<const std::byte> data) {
  LOCKSTEP_CHECK(offset + data.size() <= size(), "stores reach no farther than the file");
  for (std::uint64_t page = page_of(offset); page < offset + data.size(); page += page_bytes) {
    Bytes before = read(page, page_bytes);
    before.resize(page_bytes);
    unsynced_[page].push_back(std::move(before));
  }
  change(offset, data);
}

void FileModel::resize(std::uint64_t size) {
  if (size < content_.size()) {
    const Bytes zeros(page_bytes);
    change_unsynced(size, std::span(zeros).first(page_bytes - size % page_bytes));
    unsynced_.erase(unsynced_.lower_bound(size), unsynced_.end());
  }
  content_.resize(size);
}

void FileModel::zero(std::uint64_t offset, std::uint64_t length) {
  if (offset >= size()) return;
  write(offset, Bytes(std::min(length, size() - offset)));
}

void FileModel::sync(std::uint64_t offset, std::uint64_t length) {
  unsynced_.erase(unsynced_.lower_bound(page_of(offset)), unsynced_.lower_bound(offset + length));
}

bool FileModel::survives(std::span<const std::byte> found, std::uint64_t offset) const {
  const auto page = unsynced_.find(offset);
  if (page == unsynced_.end()) return false;
  return std::any_of(page->second.begin(), page->second.end(),
                     [&](const Bytes& version) { return std::equal(found.begin(), found.end(), version.begin()); });
}

std::optional<std::uint64_t> FileModel::first_difference(const Bytes& found, Expect expect) const {
  const std::uint64_t common = std::min<std::uint64_t>(size(), found.size());
  for (std::uint64_t page = 0; page < common; page += page_bytes) {
    const std::uint64_t end = std::min(page + page_bytes, common);
    const auto begin = content_.begin() + static_cast<std::ptrdiff_t>(page);
    const std::span<const std::byte> part(found.data() + page, end - page);
    const auto differs = std::mismatch(part.begin(), part.end(), begin).first;
    if (differs == part.end()) continue;
    if (expect == Expect::survivors && survives(part, page)) continue;
    return page + static_cast<std::uint64_t>(differs - part.begin());
  }
  return size() == found.size() ? std::nullopt : std::optional(common);
}

}  // namespace lockstep::exerciser
