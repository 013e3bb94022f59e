#include "sim/model/model.h"

#include <algorithm>
#include <sys/stat.h>

namespace lockstep::sim {

Model::Model() {
  ModelObject& root = objects_[FileId::root()];
  root.mode = S_IFDIR | 0755;
  root.names = 1;
}

const ModelObject* Model::find(FileId id) const {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : &found->second;
}

std::optional<FileId> Model::named(FileId parent, const std::string& name) const {
  const ModelObject* directory = find(parent);
  if (directory == nullptr) return std::nullopt;
  const auto entry = directory->entries.find(name);
  return entry == directory->entries.end() ? std::nullopt : std::optional(entry->second);
}

std::string Model::region(FileId id, std::uint64_t offset, std::uint64_t length) const {
  const ModelObject* object = find(id);
  if (object == nullptr || offset >= object->bytes.size()) return {};
  return object->bytes.substr(offset, length);
}

void Model::set_name(ModelObject& directory, const std::string& name, FileId id) {
  directory.entries[name] = id;
  ++objects_.at(id).names;
}

void Model::remove_name(ModelObject& directory, const std::string& name) {
  const auto entry = directory.entries.find(name);
  if (entry == directory.entries.end()) return;
  const FileId id = entry->second;
  directory.entries.erase(entry);
  if (--objects_.at(id).names == 0) objects_.erase(id);
}

void Model::import_name(FileId parent, const std::string& name, FileId id) { set_name(objects_.at(parent), name, id); }

std::string Model::rename(const Operation& effect) {
  const auto from = objects_.find(effect.parent);
  const auto to = objects_.find(effect.new_parent);
  if (from == objects_.end() || to == objects_.end()) return "rename in a directory that does not exist";
  const auto source = from->second.entries.find(effect.name);
  if (source == from->second.entries.end()) return "rename of a name that does not exist";
  const FileId moved = source->second;
  const auto target = to->second.entries.find(effect.new_name);
  const bool exists = target != to->second.entries.end();
  const FileId replaced = exists ? target->second : FileId::none();
  from->second.mtime_ns = effect.parent_mtime_ns;
  to->second.mtime_ns = effect.new_parent_mtime_ns;
  if (moved == replaced) return {};
  if ((effect.flags & flag_exchange) != 0) {
    if (!exists) return "exchange with a name that does not exist";
    from->second.entries[effect.name] = replaced;
    to->second.entries[effect.new_name] = moved;
    return {};
  }
  if (exists) remove_name(to->second, effect.new_name);
  from->second.entries.erase(effect.name);
  to->second.entries[effect.new_name] = moved;
  return {};
}

std::string Model::apply(const Operation& effect) {
  if (effect.kind == OperationKind::sync || effect.kind == OperationKind::filled) return {};
  if (effect.kind == OperationKind::rename) return rename(effect);

  const bool on_name = effect.kind == OperationKind::create || effect.kind == OperationKind::link ||
                       effect.kind == OperationKind::unlink;
  if (on_name) {
    const auto parent = objects_.find(effect.parent);
    if (parent == objects_.end()) return "a name in a directory that does not exist";
    const bool exists = parent->second.entries.contains(effect.name);
    parent->second.mtime_ns = effect.parent_mtime_ns;
    if (effect.kind == OperationKind::unlink) {
      if (!exists) return "unlink of a name that does not exist";
      const ModelObject& victim = objects_.at(parent->second.entries.at(effect.name));
      if (!victim.entries.empty()) return "removal of a directory that is not empty";
      remove_name(parent->second, effect.name);
      return {};
    }
    if (exists) return "a new name that exists";
    if (effect.kind == OperationKind::link) {
      if (!objects_.contains(effect.file)) return "link to a file that does not exist";
    } else {
      if (objects_.contains(effect.file)) return "create of an identity that exists";
      ModelObject& created = objects_[effect.file];
      created.mode = effect.attributes.mode;
      created.uid = effect.attributes.uid;
      created.gid = effect.attributes.gid;
      created.mtime_ns = effect.attributes.mtime_ns;
      if (S_ISLNK(created.mode)) created.target = std::string(effect.data.text());
    }
    set_name(objects_.at(effect.parent), effect.name, effect.file);
    return {};
  }

  const auto found = objects_.find(effect.file);
  if (found == objects_.end()) {
    // A resync may have asked for a file that was removed meanwhile.
    return effect.kind == OperationKind::fill ? "" : "contents of a file that does not exist";
  }
  ModelObject& object = found->second;
  switch (effect.kind) {
    case OperationKind::write:
    case OperationKind::fill:
      if (effect.data.empty()) break;
      if (object.bytes.size() < effect.offset + effect.data.size()) {
        object.bytes.resize(effect.offset + effect.data.size(), '\0');
      }
      std::copy(effect.data.text().begin(), effect.data.text().end(),
                object.bytes.begin() + static_cast<std::ptrdiff_t>(effect.offset));
      break;
    case OperationKind::allocate: {
      const std::uint64_t end = effect.offset + effect.length;
      if ((effect.flags & flag_keep_size) == 0 && end > object.bytes.size()) object.bytes.resize(end, '\0');
      if ((effect.flags & (flag_punch_hole | flag_zero_range)) == 0) break;
      for (std::uint64_t at = effect.offset; at < std::min<std::uint64_t>(end, object.bytes.size()); ++at) {
        object.bytes[at] = '\0';
      }
      break;
    }
    case OperationKind::set_attributes: {
      const std::uint32_t mask = effect.attributes.mask;
      if ((mask & attribute_mode) != 0 && !S_ISLNK(object.mode)) {
        object.mode = (object.mode & S_IFMT) | (effect.attributes.mode & 07777U);
      }
      if ((mask & attribute_uid) != 0) object.uid = effect.attributes.uid;
      if ((mask & attribute_gid) != 0) object.gid = effect.attributes.gid;
      if ((mask & attribute_size) != 0) object.bytes.resize(effect.attributes.size_bytes, '\0');
      break;
    }
    case OperationKind::set_xattr: object.xattrs[effect.name] = std::string(effect.data.text()); break;
    case OperationKind::remove_xattr: object.xattrs.erase(effect.name); break;
    default: return "an operation of an unknown kind";
  }
  if (effect.kind != OperationKind::fill && (effect.attributes.mask & attribute_mtime) != 0) {
    object.mtime_ns = effect.attributes.mtime_ns;
  }
  return {};
}

}  // namespace lockstep::sim
