#include "io/linux/unsynced_changes.h"

namespace lockstep::linux_io {

void UnsyncedChanges::changed(const Operation& operation, const Open& open) {
  ++now_;
  const bool writes = operation.kind == OperationKind::write || operation.kind == OperationKind::fill;
  const bool contents_only = writes && (operation.attributes.mask & ~std::uint32_t{attribute_mtime}) == 0;
  if (const auto known = contents_.find(operation.file); contents_only && known != contents_.end()) {
    known->second.at = now_;
    return;
  }
  const bool room = contents_only && contents_.size() < unsynced_files_max;
  if (OpenObjectPtr file = room ? open(operation.file) : nullptr) {
    contents_.emplace(operation.file, Changed{now_, std::move(file)});
  } else {
    anything_ = now_;  // which covers the files, too
    contents_.clear();
  }
}

void UnsyncedChanges::synced(const FileId& file, std::uint64_t covered) {
  if (covered < failed_) return;
  const bool everything = file == FileId::none();
  if (everything && anything_ <= covered) anything_ = 0;
  std::erase_if(contents_, [&](const auto& changed) {
    return (everything || changed.first == file) && changed.second.at <= covered;
  });
}

void UnsyncedChanges::failed() {
  failed_ = anything_ = ++now_;
  contents_.clear();
}

std::vector<std::pair<FileId, OpenObjectPtr>> UnsyncedChanges::files() const {
  std::vector<std::pair<FileId, OpenObjectPtr>> files;
  for (const auto& [id, changed] : contents_) files.emplace_back(id, changed.file);
  return files;
}

}  // namespace lockstep::linux_io
