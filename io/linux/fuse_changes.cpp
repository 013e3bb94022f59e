// Calls that change something: turned into operations for the engine, and answered when the engine says so.
#include "io/linux/fuse_session.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace lockstep::linux_io {
namespace {

std::int64_t to_ns(std::uint64_t seconds, std::uint32_t ns) {
  return static_cast<std::int64_t>(seconds) * 1'000'000'000LL + ns;
}

/// The mode without what Linux takes away when somebody without CAP_FSETID changes the contents.
std::uint32_t without_privileges(std::uint32_t mode) {
  mode &= ~static_cast<std::uint32_t>(S_ISUID);
  if ((mode & S_IXGRP) != 0) mode &= ~static_cast<std::uint32_t>(S_ISGID);
  return mode;
}

}  // namespace

bool FuseSession::dispatch_change(const Message& message, const FileId& file) {
  switch (message.opcode) {
    case FUSE_WRITE: request_write(message, file); return true;
    case FUSE_FSYNC:
    case FUSE_FSYNCDIR: request_sync(message, file); return true;
    case FUSE_SETATTR: request_attributes(message, file); return true;
    case FUSE_CREATE: {
      const auto& in = message.argument<fuse_create_in>();
      request_create(message, file, S_IFREG | (in.mode & 07777U), in.umask, 0, message.text(sizeof in));
      return true;
    }
    case FUSE_MKNOD: {
      const auto& in = message.argument<fuse_mknod_in>();
      request_create(message, file, in.mode, in.umask, in.rdev, message.text(sizeof in));
      return true;
    }
    case FUSE_MKDIR: {
      const auto& in = message.argument<fuse_mkdir_in>();
      request_create(message, file, S_IFDIR | (in.mode & 07777U), in.umask, 0, message.text(sizeof in));
      return true;
    }
    case FUSE_SYMLINK: request_symlink(message, file); return true;
    case FUSE_LINK: request_link(message, file); return true;
    case FUSE_UNLINK: request_unlink(message, file, 0); return true;
    case FUSE_RMDIR: request_unlink(message, file, flag_remove_directory); return true;
    case FUSE_RENAME:
    case FUSE_RENAME2: request_rename(message, file); return true;
    case FUSE_FALLOCATE: request_allocate(message, file); return true;
    case FUSE_SETXATTR: request_set_xattr(message, file); return true;
    case FUSE_REMOVEXATTR: request_remove_xattr(message, file); return true;
    default: return false;
  }
}

void FuseSession::request(const Message& message, Operation operation) {
  // Refused here already: the name is not the application's.
  if (LinuxVolume::hidden(operation.parent, operation.name) ||
      LinuxVolume::hidden(operation.new_parent, operation.new_name)) {
    return answer(message.unique, EPERM);
  }
  const RequestId id(++last_request_);
  const bool ends_privileges = (operation.attributes.mask & attribute_mode) != 0 &&
                               (message.opcode == FUSE_WRITE || message.opcode == FUSE_FALLOCATE);
  pending_[id.value] = Pending{message.opcode, message.unique, operation.file, ends_privileges};
  environment_.sink.post(io::RequestArrived{id, std::move(operation)});
}

void FuseSession::reply(RequestId request, const io::Reply& reply) {
  const auto found = pending_.find(request.value);
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  pending_.erase(found);
  if (pending.ends_privileges) refresh_privileges(pending.file);
  if (reply.error != 0) return answer(pending.unique, reply.error);
  switch (pending.opcode) {
    case FUSE_WRITE: {
      fuse_write_out out{};
      out.size = static_cast<std::uint32_t>(reply.bytes);
      return answer_with(pending.unique, out);
    }
    case FUSE_SETATTR: return answer_attributes(pending.unique, pending.file);
    case FUSE_LINK: return answer_entry(pending.unique, pending.file, false);
    case FUSE_CREATE: return answer_entry(pending.unique, reply.file, true);
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK: return answer_entry(pending.unique, reply.file, false);
    default: return answer(pending.unique, 0);
  }
}

void FuseSession::request_create(const Message& message, const FileId& parent, std::uint32_t mode, std::uint32_t umask,
                                 std::uint32_t rdev, std::string name) {
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = std::move(name);
  if ((umask & mode & 0777U) != 0 && !environment_.volume.has_default_acl(parent)) mode &= ~(umask & 0777U);
  operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
  operation.attributes.mode = mode;
  operation.attributes.uid = message.uid;
  operation.attributes.gid = message.gid;
  if (S_ISCHR(mode) || S_ISBLK(mode)) operation.attributes.rdev = rdev;
  request(message, std::move(operation));
}

void FuseSession::request_symlink(const Message& message, const FileId& parent) {
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = message.text(0);
  operation.data = Buffer::copy_of(message.text(operation.name.size() + 1));
  operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
  operation.attributes.mode = S_IFLNK | 0777U;
  operation.attributes.uid = message.uid;
  operation.attributes.gid = message.gid;
  request(message, std::move(operation));
}

void FuseSession::request_link(const Message& message, const FileId& parent) {
  const auto& in = message.argument<fuse_link_in>();
  Operation operation;
  operation.kind = OperationKind::link;
  operation.file = nodes_.id_of(in.oldnodeid);
  operation.parent = parent;
  operation.name = message.text(sizeof in);
  if (operation.file == FileId::none()) return answer(message.unique, ESTALE);
  request(message, std::move(operation));
}

void FuseSession::request_unlink(const Message& message, const FileId& parent, std::uint32_t flags) {
  Operation operation;
  operation.kind = OperationKind::unlink;
  operation.flags = flags;
  operation.parent = parent;
  operation.name = message.text(0);
  request(message, std::move(operation));
}

void FuseSession::request_rename(const Message& message, const FileId& parent) {
  Operation operation;
  operation.kind = OperationKind::rename;
  operation.parent = parent;
  std::size_t names_at = sizeof(fuse_rename_in);
  std::uint64_t new_parent = message.argument<fuse_rename_in>().newdir;
  if (message.opcode == FUSE_RENAME2) {
    const auto& in = message.argument<fuse_rename2_in>();
    names_at = sizeof in;
    new_parent = in.newdir;
    if ((in.flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0) return answer(message.unique, EINVAL);
    if ((in.flags & RENAME_NOREPLACE) != 0) operation.flags |= flag_no_replace;
    if ((in.flags & RENAME_EXCHANGE) != 0) operation.flags |= flag_exchange;
  }
  operation.new_parent = nodes_.id_of(new_parent);
  operation.name = message.text(names_at);
  operation.new_name = message.text(names_at + operation.name.size() + 1);
  if (operation.new_parent == FileId::none()) return answer(message.unique, ESTALE);
  request(message, std::move(operation));
}

void FuseSession::request_write(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_write_in>();
  if (sizeof in + in.size > message.size) return answer(message.unique, EIO);
  const std::byte* data = message.body + sizeof in;
  Operation operation;
  operation.kind = OperationKind::write;
  operation.file = file;
  operation.offset = in.offset;
  if (in.size <= fuse_copy_bytes_max) {
    operation.data = Buffer::copy_of(std::span(data, in.size));
  } else {
    operation.data = Buffer(std::shared_ptr<const void>(std::move(receive_buffer_)), data, in.size);
    receive_buffer_.reset();  // the next message gets a buffer of its own
  }
  if ((in.write_flags & FUSE_WRITE_KILL_SUIDGID) != 0) operation.attributes.mask = attribute_mode;
  request(message, std::move(operation));
}

void FuseSession::request_attributes(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_setattr_in>();
  Operation operation;
  operation.kind = OperationKind::set_attributes;
  operation.file = file;
  Attributes& wanted = operation.attributes;
  if ((in.valid & FATTR_MODE) != 0) {
    wanted.mask |= attribute_mode;
    wanted.mode = in.mode & 07777U;
  }
  if ((in.valid & FATTR_UID) != 0) {
    wanted.mask |= attribute_uid;
    wanted.uid = in.uid;
  }
  if ((in.valid & FATTR_GID) != 0) {
    wanted.mask |= attribute_gid;
    wanted.gid = in.gid;
  }
  if ((in.valid & FATTR_SIZE) != 0) {
    wanted.mask |= attribute_size;
    wanted.size_bytes = in.size;
  }
  if ((in.valid & FATTR_ATIME_NOW) != 0) {
    wanted.mask |= attribute_atime_now;
  } else if ((in.valid & FATTR_ATIME) != 0) {
    wanted.mask |= attribute_atime;
    wanted.atime_ns = to_ns(in.atime, in.atimensec);
  }
  if ((in.valid & FATTR_MTIME_NOW) != 0) {
    wanted.mask |= attribute_mtime_now;
  } else if ((in.valid & FATTR_MTIME) != 0) {
    wanted.mask |= attribute_mtime;
    wanted.mtime_ns = to_ns(in.mtime, in.mtimensec);
  }
  const bool ends_privileges = (in.valid & FATTR_KILL_SUIDGID) != 0 && (wanted.mask & attribute_size) != 0;
  if (ends_privileges && (wanted.mask & attribute_mode) == 0) {
    const auto status = environment_.volume.status(file);
    if (status.ok() && without_privileges(status.value.st_mode) != status.value.st_mode) {
      wanted.mask |= attribute_mode;
      wanted.mode = without_privileges(status.value.st_mode) & 07777U;
    }
  }
  if (wanted.mask == 0) return answer_attributes(message.unique, file);
  request(message, std::move(operation));
}

void FuseSession::request_allocate(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_fallocate_in>();
  constexpr std::uint32_t known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((in.mode & ~known) != 0) return answer(message.unique, EOPNOTSUPP);
  Operation operation;
  operation.kind = OperationKind::allocate;
  operation.file = file;
  operation.offset = in.offset;
  operation.length = in.length;
  if ((in.mode & FALLOC_FL_KEEP_SIZE) != 0) operation.flags |= flag_keep_size;
  if ((in.mode & FALLOC_FL_PUNCH_HOLE) != 0) operation.flags |= flag_punch_hole;
  if ((in.mode & FALLOC_FL_ZERO_RANGE) != 0) operation.flags |= flag_zero_range;
  // The protocol does not say here whether the caller may keep privileges.
  if (message.uid != 0) operation.attributes.mask = attribute_mode;
  request(message, std::move(operation));
}

void FuseSession::request_set_xattr(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_setxattr_in>();
  const std::size_t name_at = extended_set_xattr_ ? sizeof in : FUSE_COMPAT_SETXATTR_IN_SIZE;
  Operation operation;
  operation.kind = OperationKind::set_xattr;
  operation.file = file;
  operation.name = message.text(name_at);
  const std::size_t value_at = name_at + operation.name.size() + 1;
  if (value_at + in.size > message.size) return answer(message.unique, EIO);
  operation.data = Buffer::copy_of(std::span(message.body + value_at, in.size));
  if ((in.flags & XATTR_CREATE) != 0) operation.flags |= flag_xattr_create;
  if ((in.flags & XATTR_REPLACE) != 0) operation.flags |= flag_xattr_replace;
  if (extended_set_xattr_ && (in.setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID) != 0) {
    operation.attributes.mask = attribute_mode;
  }
  request(message, std::move(operation));
}

void FuseSession::request_remove_xattr(const Message& message, const FileId& file) {
  Operation operation;
  operation.kind = OperationKind::remove_xattr;
  operation.file = file;
  operation.name = message.text(0);
  request(message, std::move(operation));
}

void FuseSession::request_sync(const Message& message, const FileId& file) {
  Operation operation;
  operation.kind = OperationKind::sync;
  operation.file = file;
  if ((message.argument<fuse_fsync_in>().fsync_flags & FUSE_FSYNC_FDATASYNC) != 0) operation.flags |= flag_data_only;
  request(message, std::move(operation));
}

}  // namespace lockstep::linux_io
