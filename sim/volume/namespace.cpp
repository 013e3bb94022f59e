// Operations on names.
#include "engine/values/check.h"
#include "sim/volume/filesystem.h"

#include <cerrno>
#include <sys/stat.h>

namespace lockstep::sim {

namespace {

constexpr std::size_t name_bytes_max = 255;

ApplyResult done(const Operation& effect) {
  ApplyResult result;
  result.effect = effect;
  return result;
}

int check_name(const std::string& name) {
  if (name.size() > name_bytes_max) return ENAMETOOLONG;
  const bool legal = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                     name.find('\0') == std::string::npos;
  return legal ? 0 : EINVAL;
}

InodeNumber entry(const Inode& directory, const std::string& name) {
  const auto found = directory.entries.find(name);
  return found == directory.entries.end() ? 0 : found->second;
}

}  // namespace

std::int64_t Filesystem::directory(FileId id) const {
  const auto number = number_of(id);
  if (!number) return -ENOENT;
  const Inode& inode = inodes_.at(*number);
  if (!inode.is_directory()) return -ENOTDIR;
  return inode.names == 0 ? -ENOENT : static_cast<std::int64_t>(*number);
}

std::optional<FileId> Filesystem::named(FileId parent, const std::string& name) const {
  const std::int64_t holder = directory(parent);
  const InodeNumber there = holder < 0 ? 0 : entry(inodes_.at(static_cast<InodeNumber>(holder)), name);
  return there == 0 ? std::nullopt : std::optional(inodes_.at(there).id);
}

std::optional<FileId> Filesystem::named_by(const Operation& operation) const {
  if (changes_namespace(operation.kind)) return named(operation.parent, operation.name);
  const Inode* inode = find(operation.file);
  if (inode == nullptr) return std::nullopt;
  const bool of_attribute = operation.kind == OperationKind::set_xattr || operation.kind == OperationKind::remove_xattr;
  return of_attribute && !inode->xattrs.contains(operation.name) ? std::nullopt : std::optional(operation.file);
}

std::optional<ApplyResult> Filesystem::done_before(const Operation& operation) const {
  const std::optional<FileId> there = named_by(operation);
  ApplyResult result = done(operation);
  result.replicated = false;
  switch (operation.kind) {
    case OperationKind::create:
    case OperationKind::link:
      result.effect.file = there.value_or(FileId::none());
      return there ? std::optional(result) : std::nullopt;
    case OperationKind::unlink:
    case OperationKind::remove_xattr: return there ? std::nullopt : std::optional(result);
    case OperationKind::rename: {
      const bool exchange = (operation.flags & flag_exchange) != 0;
      const bool unmoved = exchange ? there == operation.file : there.has_value();
      result.effect.file = named(operation.new_parent, operation.new_name).value_or(FileId::none());
      return unmoved ? std::nullopt : std::optional(result);
    }
    case OperationKind::set_xattr: {
      const bool created = (operation.flags & flag_xattr_create) != 0 && there &&
                           find(operation.file)->xattrs.at(operation.name) == operation.data.text();
      return created ? std::optional(result) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

ApplyResult Filesystem::create(const Context& context) {
  const Operation& operation = context.operation;
  const std::int64_t parent = directory(operation.parent);
  if (parent < 0) return ApplyResult::failed(static_cast<int>(-parent));
  if (const int error = check_name(operation.name)) return ApplyResult::failed(error);
  if (entry(inodes_.at(parent), operation.name) != 0) return ApplyResult::failed(EEXIST);

  Operation effect = operation;
  if (context.from_stream()) {
    if (operation.file == FileId::none()) return ApplyResult::failed(EINVAL);
    if (identity_taken(operation.file, 0)) return ApplyResult::failed(EEXIST);
  } else {
    // An engine draws it; whoever uses a filesystem alone need not.
    if (operation.file == FileId::none()) effect.file = draw_identity();
    if (identity_taken(effect.file, 0)) return ApplyResult::failed(EEXIST);
    if ((effect.attributes.mode & S_IFMT) == 0) effect.attributes.mode |= S_IFREG;
    effect.attributes.mask = attribute_mode | attribute_uid | attribute_gid | attribute_atime | attribute_mtime;
    effect.attributes.atime_ns = effect.attributes.mtime_ns = context.now_ns;
    effect.parent_mtime_ns = context.now_ns;
  }
  InodeState state;
  state.id = effect.file;
  state.attributes = effect.attributes;
  state.attributes.mask = 0;
  state.attributes.size_bytes = 0;
  if (context.from_stream() && (effect.attributes.mask & attribute_size) != 0) {
    if (effect.attributes.size_bytes > file_bytes_max) return ApplyResult::failed(EFBIG);
    state.content.resize(effect.attributes.size_bytes);
  }
  if ((state.attributes.mode & S_IFMT) == S_IFLNK) {
    state.target = std::string(operation.data.text());
    state.attributes.mode = S_IFLNK | 0777;
    effect.attributes.mode = state.attributes.mode;
  }
  const InodeNumber number = add_inode(std::move(state));
  const auto parent_number = static_cast<InodeNumber>(parent);
  set_name(parent_number, operation.name, number);
  touch_directory(parent_number, effect.parent_mtime_ns, context);
  listener_.names_changed({{parent_number, operation.name, number}});
  return done(effect);
}

ApplyResult Filesystem::link(const Context& context) {
  const Operation& operation = context.operation;
  const std::int64_t parent = directory(operation.parent);
  if (parent < 0) return ApplyResult::failed(static_cast<int>(-parent));
  if (const int error = check_name(operation.name)) return ApplyResult::failed(error);
  const auto number = number_of(operation.file);
  if (!number || inodes_.at(*number).names == 0) return ApplyResult::failed(ENOENT);
  if (inodes_.at(*number).is_directory()) return ApplyResult::failed(EPERM);
  if (entry(inodes_.at(parent), operation.name) != 0) return ApplyResult::failed(EEXIST);

  Operation effect = operation;
  if (!context.from_stream()) effect.parent_mtime_ns = context.now_ns;
  const auto parent_number = static_cast<InodeNumber>(parent);
  set_name(parent_number, operation.name, *number);
  touch_directory(parent_number, effect.parent_mtime_ns, context);
  listener_.names_changed({{parent_number, operation.name, *number}});
  return done(effect);
}

ApplyResult Filesystem::unlink(const Context& context) {
  const Operation& operation = context.operation;
  const std::int64_t parent = directory(operation.parent);
  if (parent < 0) return ApplyResult::failed(static_cast<int>(-parent));
  const InodeNumber number = entry(inodes_.at(parent), operation.name);
  if (number == 0) return ApplyResult::failed(ENOENT);
  const Inode& inode = inodes_.at(number);
  const bool remove_directory = (operation.flags & flag_remove_directory) != 0;
  if (inode.is_directory() && !remove_directory) return ApplyResult::failed(EISDIR);
  if (!inode.is_directory() && remove_directory) return ApplyResult::failed(ENOTDIR);
  if (!inode.entries.empty()) return ApplyResult::failed(ENOTEMPTY);

  Operation effect = operation;
  effect.file = inode.id;
  if (!context.from_stream()) effect.parent_mtime_ns = context.now_ns;
  const auto parent_number = static_cast<InodeNumber>(parent);
  set_name(parent_number, operation.name, 0);
  touch_directory(parent_number, effect.parent_mtime_ns, context);
  listener_.names_changed({{parent_number, operation.name, 0}});
  return done(effect);
}

int Filesystem::check_rename(const Operation& operation, InodeNumber source_directory, InodeNumber target_directory,
                             InodeNumber moved, InodeNumber replaced) const {
  const bool exchange = (operation.flags & flag_exchange) != 0;
  const bool no_replace = (operation.flags & flag_no_replace) != 0;
  if (exchange && no_replace) return EINVAL;
  if (moved == 0 || (exchange && replaced == 0)) return ENOENT;
  if (no_replace && replaced != 0) return EEXIST;
  const Inode& source = inodes_.at(moved);
  if (source.is_directory() && within(target_directory, moved)) return EINVAL;
  if (replaced == 0 || replaced == moved) return 0;
  const Inode& target = inodes_.at(replaced);
  if (exchange) return target.is_directory() && within(source_directory, replaced) ? EINVAL : 0;
  if (target.is_directory() && within(source_directory, replaced)) return ENOTEMPTY;
  if (source.is_directory() && !target.is_directory()) return ENOTDIR;
  if (!source.is_directory() && target.is_directory()) return EISDIR;
  return target.entries.empty() ? 0 : ENOTEMPTY;
}

ApplyResult Filesystem::rename(const Context& context) {
  const Operation& operation = context.operation;
  const std::int64_t from = directory(operation.parent);
  if (from < 0) return ApplyResult::failed(static_cast<int>(-from));
  const std::int64_t to = directory(operation.new_parent);
  if (to < 0) return ApplyResult::failed(static_cast<int>(-to));
  if (const int error = check_name(operation.new_name)) return ApplyResult::failed(error);
  const auto source_directory = static_cast<InodeNumber>(from);
  const auto target_directory = static_cast<InodeNumber>(to);
  const InodeNumber moved = entry(inodes_.at(source_directory), operation.name);
  const InodeNumber replaced = entry(inodes_.at(target_directory), operation.new_name);
  if (const int error = check_rename(operation, source_directory, target_directory, moved, replaced)) {
    return ApplyResult::failed(error);
  }
  Operation effect = operation;
  effect.file = inodes_.at(moved).id;
  const bool two_names_of_one_file = moved == replaced;  // POSIX: then nothing happens
  if (!context.from_stream()) {
    const std::int64_t now = context.now_ns;
    effect.parent_mtime_ns = two_names_of_one_file ? inodes_.at(source_directory).attributes.mtime_ns : now;
    effect.new_parent_mtime_ns = two_names_of_one_file ? inodes_.at(target_directory).attributes.mtime_ns : now;
  }
  if (!two_names_of_one_file) {
    const bool exchange = (operation.flags & flag_exchange) != 0;
    const InodeNumber left_behind = exchange ? replaced : 0;
    set_name(source_directory, operation.name, left_behind);
    set_name(target_directory, operation.new_name, moved);
    listener_.names_changed(
        {{source_directory, operation.name, left_behind}, {target_directory, operation.new_name, moved}});
  }
  touch_directory(source_directory, effect.parent_mtime_ns, context);
  touch_directory(target_directory, effect.new_parent_mtime_ns, context);
  return done(effect);
}

ApplyResult Filesystem::identify(const Context& context) {
  const Operation& operation = context.operation;
  if (!context.from_stream() || operation.file == FileId::none()) return ApplyResult::failed(EINVAL);
  const std::int64_t parent = directory(operation.parent);
  if (parent < 0) return ApplyResult::failed(static_cast<int>(-parent));
  const InodeNumber number = entry(inodes_.at(parent), operation.name);
  if (number == 0) return ApplyResult::failed(ENOENT);
  if (identity_taken(operation.file, number)) return ApplyResult::failed(EEXIST);
  if (inodes_.at(number).id != operation.file) set_identity(number, operation.file);
  return done(operation);
}

}  // namespace lockstep::sim
