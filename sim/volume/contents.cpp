// Operations on one object's bytes and attributes.
#include "sim/volume/filesystem.h"

#include <cerrno>
#include <sys/stat.h>

namespace lockstep::sim {

namespace {

ApplyResult done(Operation effect, const Inode& inode) {
  ApplyResult result;
  result.effect = std::move(effect);
  result.replicated = inode.names > 0;
  return result;
}

int not_regular(const Inode& inode) {
  if (inode.is_directory()) return EISDIR;
  return inode.is_regular() ? 0 : EINVAL;
}

}  // namespace

// The time that a change of contents leaves: now for a request, what the effect says in the stream.
std::int64_t Filesystem::touch_file(InodeNumber number, const Context& context) {
  Inode& inode = inodes_.at(number);
  const Attributes& given = context.operation.attributes;
  if (!context.from_stream()) inode.attributes.mtime_ns = context.now_ns;
  if (context.from_stream() && (given.mask & attribute_mtime) != 0) inode.attributes.mtime_ns = given.mtime_ns;
  return inode.attributes.mtime_ns;
}

ApplyResult Filesystem::write(const Context& context) {
  const Operation& operation = context.operation;
  const auto number = number_of(operation.file);
  if (!number) return ApplyResult::failed(ENOENT);
  if (const int error = not_regular(inodes_.at(*number))) return ApplyResult::failed(error);
  if (operation.offset > file_bytes_max || operation.data.size() > file_bytes_max - operation.offset) {
    return ApplyResult::failed(EFBIG);
  }
  Inode& inode = change(*number);
  inode.content.write(operation.offset, operation.data.bytes());
  Operation effect = operation;
  if (operation.kind == OperationKind::write) {
    const std::int64_t mtime_ns = touch_file(*number, context);
    if (!context.from_stream()) {
      effect.attributes = {};
      effect.attributes.mask = attribute_mtime;
      effect.attributes.mtime_ns = mtime_ns;
    }
  }
  ApplyResult result = done(std::move(effect), inode);
  result.bytes = operation.data.size();
  return result;
}

ApplyResult Filesystem::set_attributes(const Context& context) {
  const Operation& operation = context.operation;
  const auto number = number_of(operation.file);
  if (!number) return ApplyResult::failed(ENOENT);
  Attributes wanted = operation.attributes;
  const Inode& before = inodes_.at(*number);
  if ((wanted.mask & attribute_size) != 0) {
    if (const int error = not_regular(before)) return ApplyResult::failed(error);
    if (wanted.size_bytes > file_bytes_max) return ApplyResult::failed(EFBIG);
  }
  if ((wanted.mask & attribute_mode) != 0 && before.type() == S_IFLNK) {
    if (!context.from_stream()) return ApplyResult::failed(EOPNOTSUPP);
    wanted.mask &= ~static_cast<std::uint32_t>(attribute_mode);
  }
  if (!context.from_stream()) {
    if ((wanted.mask & attribute_atime_now) != 0) {
      wanted.atime_ns = context.now_ns;
      wanted.mask |= attribute_atime;
    }
    const bool mtime_given = (wanted.mask & attribute_mtime) != 0;
    if ((wanted.mask & attribute_mtime_now) != 0 || ((wanted.mask & attribute_size) != 0 && !mtime_given)) {
      wanted.mtime_ns = context.now_ns;
      wanted.mask |= attribute_mtime;
    }
    wanted.mask &= ~static_cast<std::uint32_t>(attribute_atime_now | attribute_mtime_now);
    if ((wanted.mask & attribute_mode) != 0) wanted.mode = before.type() | (wanted.mode & 07777U);
  }
  Inode& inode = change(*number);
  if ((wanted.mask & attribute_mode) != 0) inode.attributes.mode = inode.type() | (wanted.mode & 07777U);
  if ((wanted.mask & attribute_uid) != 0) inode.attributes.uid = wanted.uid;
  if ((wanted.mask & attribute_gid) != 0) inode.attributes.gid = wanted.gid;
  if ((wanted.mask & attribute_size) != 0) inode.content.resize(wanted.size_bytes);
  if ((wanted.mask & attribute_atime) != 0) inode.attributes.atime_ns = wanted.atime_ns;
  if ((wanted.mask & attribute_mtime) != 0) inode.attributes.mtime_ns = wanted.mtime_ns;
  Operation effect = operation;
  effect.attributes = wanted;
  return done(std::move(effect), inode);
}

ApplyResult Filesystem::allocate(const Context& context) {
  const Operation& operation = context.operation;
  const auto number = number_of(operation.file);
  if (!number) return ApplyResult::failed(ENOENT);
  if (const int error = not_regular(inodes_.at(*number))) return ApplyResult::failed(error);
  const bool keep_size = (operation.flags & flag_keep_size) != 0;
  const bool punch_hole = (operation.flags & flag_punch_hole) != 0;
  const bool zero_range = (operation.flags & flag_zero_range) != 0;
  if (operation.length == 0 || (punch_hole && (!keep_size || zero_range))) return ApplyResult::failed(EINVAL);
  if (operation.offset > file_bytes_max || operation.length > file_bytes_max - operation.offset)
    return ApplyResult::failed(EFBIG);

  Inode& inode = change(*number);
  const std::uint64_t end = operation.offset + operation.length;
  if (!keep_size && end > inode.content.size()) inode.content.resize(end);
  if (punch_hole || zero_range) inode.content.zero(operation.offset, operation.length);
  const std::int64_t mtime_ns = touch_file(*number, context);
  Operation effect = operation;
  if (!context.from_stream()) {
    effect.attributes = {};
    effect.attributes.mask = attribute_mtime;
    effect.attributes.mtime_ns = mtime_ns;
  }
  return done(std::move(effect), inode);
}

ApplyResult Filesystem::set_xattr(const Context& context) {
  const Operation& operation = context.operation;
  const auto number = number_of(operation.file);
  if (!number) return ApplyResult::failed(ENOENT);
  if (operation.name.empty()) return ApplyResult::failed(EINVAL);
  const bool exists = inodes_.at(*number).xattrs.contains(operation.name);
  if (exists && (operation.flags & flag_xattr_create) != 0) return ApplyResult::failed(EEXIST);
  if (!exists && (operation.flags & flag_xattr_replace) != 0) return ApplyResult::failed(ENODATA);
  Inode& inode = change(*number);
  inode.xattrs[operation.name] = std::string(operation.data.text());
  return done(operation, inode);
}

ApplyResult Filesystem::remove_xattr(const Context& context) {
  const Operation& operation = context.operation;
  const auto number = number_of(operation.file);
  if (!number) return ApplyResult::failed(ENOENT);
  if (!inodes_.at(*number).xattrs.contains(operation.name)) return ApplyResult::failed(ENODATA);
  Inode& inode = change(*number);
  inode.xattrs.erase(operation.name);
  return done(operation, inode);
}

}  // namespace lockstep::sim
