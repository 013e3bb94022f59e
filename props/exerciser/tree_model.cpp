#include "props/exerciser/tree_model.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <utility>

namespace lockstep::exerciser {

bool OpenFile::readable() const { return is_open() && (flags & O_ACCMODE) != O_WRONLY; }
bool OpenFile::writable() const { return is_open() && (flags & O_ACCMODE) != O_RDONLY; }

TreeModel::TreeModel(const TreeModel& other) : names_(other.names_), open_(other.open_) {
  std::map<const FileModel*, std::shared_ptr<FileModel>> copies;
  const auto own = [&](std::shared_ptr<FileModel>& file) {
    if (!file) return;
    std::shared_ptr<FileModel>& copy = copies[file.get()];
    if (!copy) copy = std::make_shared<FileModel>(*file);
    file = copy;
  };
  for (auto& [name, file] : names_) own(file);
  for (OpenFile& open : open_) own(open.file);
}

TreeModel& TreeModel::operator=(TreeModel other) {
  names_.swap(other.names_);
  open_.swap(other.open_);
  return *this;
}

void TreeModel::sync_all() {
  for (const auto& [name, file] : names_) file->sync();
}

std::string TreeModel::name_of(const FileModel& file) const {
  const auto found =
      std::find_if(names_.begin(), names_.end(), [&](const auto& entry) { return entry.second.get() == &file; });
  return found == names_.end() ? std::string() : found->first;
}

std::uint64_t TreeModel::links(const FileModel& file) const {
  return static_cast<std::uint64_t>(
      std::count_if(names_.begin(), names_.end(), [&](const auto& entry) { return entry.second.get() == &file; }));
}

Outcome TreeModel::apply(const Call& call, std::span<const std::byte> data) {
  switch (call.kind) {
    case CallKind::open: return {open(call), {}};
    case CallKind::close: open_.at(call.slot) = {}; return {};
    case CallKind::write: return {write(call, data), {}};
    case CallKind::read:
    case CallKind::load: {
      Bytes bytes = file(call).read(call.offset, call.length);
      const auto count = static_cast<std::int64_t>(bytes.size());
      return {count, std::move(bytes)};
    }
    case CallKind::store: file(call).store(call.offset, data); return {};
    case CallKind::store_and_sync: file(call).store(call.offset, data); [[fallthrough]];
    case CallKind::sync_mapping: file(call).sync(call.offset, call.length); return {};
    case CallKind::resize: return {resize(call), {}};
    case CallKind::resize_open: file(call).resize(call.length); return {};
    case CallKind::allocate: allocate(call); return {};
    case CallKind::sync:
    case CallKind::sync_data: file(call).sync(); return {};
    case CallKind::rename: return {rename(call), {}};
    case CallKind::link: return {link(call), {}};
    case CallKind::unlink: return {names_.erase(call.name) != 0 ? 0 : -ENOENT, {}};
    case CallKind::copy:
    case CallKind::send: return {copy(call), {}};
  }
  return {-ENOSYS, {}};
}

std::int64_t TreeModel::open(const Call& call) {
  auto found = names_.find(call.name);
  if (found != names_.end() && (call.flags & O_EXCL) != 0) return -EEXIST;
  if (found == names_.end()) {
    if ((call.flags & O_CREAT) == 0) return -ENOENT;
    found = names_.emplace(call.name, std::make_shared<FileModel>()).first;
  }
  if ((call.flags & O_TRUNC) != 0) found->second->resize(0);
  open_.at(call.slot) = {found->second, call.flags};
  return 0;
}

std::int64_t TreeModel::write(const Call& call, std::span<const std::byte> data) {
  const bool appends = (open_.at(call.slot).flags & O_APPEND) != 0;
  file(call).write(appends ? file(call).size() : call.offset, data);
  return static_cast<std::int64_t>(data.size());
}

std::int64_t TreeModel::resize(const Call& call) {
  const auto found = names_.find(call.name);
  if (found == names_.end()) return -ENOENT;
  found->second->resize(call.length);
  return 0;
}

void TreeModel::allocate(const Call& call) {
  const std::uint64_t end = call.offset + call.length;
  if ((call.flags & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0) file(call).zero(call.offset, call.length);
  if ((call.flags & FALLOC_FL_KEEP_SIZE) == 0 && end > file(call).size()) file(call).resize(end);
}

std::int64_t TreeModel::rename(const Call& call) {
  const auto from = names_.find(call.name);
  if (from == names_.end()) return -ENOENT;
  const auto to = names_.find(call.new_name);
  const bool there = to != names_.end();
  if ((call.flags & RENAME_EXCHANGE) != 0) {
    if (!there) return -ENOENT;
    std::swap(from->second, to->second);
    return 0;
  }
  if (there && (call.flags & RENAME_NOREPLACE) != 0) return -EEXIST;
  // Between two names of one file rename(2) does nothing.
  if (there && from->second == to->second) return 0;
  names_[call.new_name] = from->second;
  names_.erase(from);
  return 0;
}

std::int64_t TreeModel::link(const Call& call) {
  const auto from = names_.find(call.name);
  if (from == names_.end()) return -ENOENT;
  return names_.emplace(call.new_name, from->second).second ? 0 : -EEXIST;
}

std::int64_t TreeModel::copy(const Call& call) {
  const Bytes bytes = file(call).read(call.offset, call.length);
  open_.at(call.target_slot).file->write(call.target_offset, bytes);
  return static_cast<std::int64_t>(bytes.size());
}

}  // namespace lockstep::exerciser
