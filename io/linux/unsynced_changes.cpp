#include "io/linux/unsynced_changes.h"

namespace lockstep::linux_io {

void UnsyncedChanges::changed(const Operation& operation) {
  ++now_;
  const bool writes = operation.kind == OperationKind::write || operation.kind == OperationKind::fill;
  const bool contents_only = writes && (operation.attributes.mask & ~std::uint32_t{attribute_mtime}) == 0;
  const bool room = contents_.size() < unsynced_files_max || contents_.contains(operation.file);
  if (contents_only && room) {
    contents_[operation.file] = now_;
  } else {
    anything_ = now_;
  }
}

void UnsyncedChanges::synced(const FileId& file, std::uint64_t covered) {
  const bool everything = file == FileId::none();
  if (everything && anything_ <= covered) anything_ = 0;
  std::erase_if(contents_, [&](const auto& changed) {
    return (everything || changed.first == file) && changed.second <= covered;
  });
}

std::optional<std::vector<FileId>> UnsyncedChanges::files() const {
  if (anything_ != 0) return std::nullopt;
  std::vector<FileId> files;
  for (const auto& [id, changed_at] : contents_) files.push_back(id);
  return files;
}

}  // namespace lockstep::linux_io
