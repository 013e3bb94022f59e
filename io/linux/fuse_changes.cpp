// Calls that change something: turned into operations for the engine, and answered when the engine says so.
#include "io/linux/fuse_session.h"
#include "io/linux/object_access.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {
void FuseSession::request(Request request, Operation operation, Answer answer) {
  // Refused here already: the name is not the application's.
  if (LinuxVolume::hidden(operation.parent, operation.name) ||
      LinuxVolume::hidden(operation.new_parent, operation.new_name)) {
    fuse_reply_err(request, EPERM);
    return;
  }
  if (current_.resent) operation.flags |= flag_resent;
  const bool exchanges = operation.kind == OperationKind::rename && (operation.flags & flag_exchange) != 0;
  if (exchanges && !note_exchange(operation)) {
    fuse_reply_err(request, EBUSY);
    return;
  }
  const RequestId id(++last_request_);
  const bool ends_privileges = (operation.attributes.mask & attribute_mode) != 0 &&
                               (operation.kind == OperationKind::write || operation.kind == OperationKind::allocate);
  pending_[id.value] =
      Pending{request, answer, operation.file, ends_privileges, exchanges, current_.resent, request_number(current_)};
  environment_.sink.post(io::RequestArrived{id, std::move(operation)});
}

/// Whether two names have been exchanged shows only to who knows what the first of them led to. False: too many such
/// requests are under way.
bool FuseSession::note_exchange(Operation& operation) {
  const std::uint64_t number = request_number(current_);
  FileId first = current_.resent ? state_.exchanging(number) : FileId::none();
  if (first == FileId::none()) {
    const auto looked = environment_.volume.lookup(operation.parent, operation.name);
    if (!looked.ok()) return true;  // as the volume will say
    first = looked.value.id;
    if (!state_.begin_exchange(number, first)) return false;
  }
  if (current_.resent) operation.file = first;
  return true;
}

void FuseSession::reply(RequestId request, const io::Reply& reply) {
  const auto found = pending_.find(request.value);
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  pending_.erase(found);
  if (pending.ends_privileges) refresh_privileges(pending.file);
  if (reply.error != 0) {
    fuse_reply_err(pending.request, reply.error);
  } else {
    answer(pending, reply);
  }
  if (pending.exchanges) state_.end_exchange(pending.number);
}

void FuseSession::answer(const Pending& pending, const io::Reply& reply) {
  switch (pending.answer) {
    case Answer::done: fuse_reply_err(pending.request, 0); break;
    case Answer::written: fuse_reply_write(pending.request, reply.bytes); break;
    case Answer::attributes: answer_attributes(pending.request, pending.file); break;
    case Answer::entry:
      answer_entry(pending.request, pending.file == FileId::none() ? reply.file : pending.file);
      break;
    case Answer::created: answer_created(pending, reply.file); break;
  }
}

void FuseSession::request_create(Request request, const FileId& parent, std::string name, std::uint32_t mode,
                                 std::uint32_t rdev, Answer answer) {
  const fuse_ctx& caller = *fuse_req_ctx(request);
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = std::move(name);
  if ((caller.umask & mode & 0777U) != 0 && !environment_.volume.has_default_acl(parent)) {
    mode &= ~(caller.umask & 0777U);
  }
  operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
  operation.attributes.mode = mode;
  operation.attributes.uid = caller.uid;
  operation.attributes.gid = caller.gid;
  if (S_ISCHR(mode) || S_ISBLK(mode)) operation.attributes.rdev = rdev;
  this->request(request, std::move(operation), answer);
}

void FuseSession::create(Request request, const FileId& parent, const char* name, mode_t mode, FileInfo /*info*/) {
  request_create(request, parent, name, S_IFREG | (mode & 07777U), 0, Answer::created);
}

void FuseSession::make_node(Request request, const FileId& parent, const char* name, mode_t mode, dev_t rdev) {
  request_create(request, parent, name, mode, static_cast<std::uint32_t>(rdev), Answer::entry);
}

void FuseSession::make_directory(Request request, const FileId& parent, const char* name, mode_t mode) {
  request_create(request, parent, name, S_IFDIR | (mode & 07777U), 0, Answer::entry);
}

void FuseSession::make_symlink(Request request, const FileId& parent, const char* name, const char* target) {
  const fuse_ctx& caller = *fuse_req_ctx(request);
  Operation operation;
  operation.kind = OperationKind::create;
  operation.parent = parent;
  operation.name = name;
  operation.data = Buffer::copy_of(std::string_view(target));
  operation.attributes.mask = attribute_mode | attribute_uid | attribute_gid;
  operation.attributes.mode = S_IFLNK | 0777U;
  operation.attributes.uid = caller.uid;
  operation.attributes.gid = caller.gid;
  this->request(request, std::move(operation), Answer::entry);
}

void FuseSession::link(Request request, const FileId& file, std::uint64_t parent, const char* name) {
  Operation operation;
  operation.kind = OperationKind::link;
  operation.file = file;
  operation.parent = nodes_.id_of(parent);
  operation.name = name;
  if (operation.parent == FileId::none()) {
    fuse_reply_err(request, ESTALE);
    return;
  }
  this->request(request, std::move(operation), Answer::entry);
}

void FuseSession::request_unlink(Request request, const FileId& parent, std::string name, std::uint32_t flags) {
  Operation operation;
  operation.kind = OperationKind::unlink;
  operation.flags = flags;
  operation.parent = parent;
  operation.name = std::move(name);
  this->request(request, std::move(operation), Answer::done);
}

void FuseSession::unlink(Request request, const FileId& parent, const char* name) {
  request_unlink(request, parent, name, 0);
}

void FuseSession::remove_directory(Request request, const FileId& parent, const char* name) {
  request_unlink(request, parent, name, flag_remove_directory);
}

void FuseSession::rename(Request request, const FileId& parent, const char* name, std::uint64_t new_parent,
                         const char* new_name, unsigned flags) {
  Operation operation;
  operation.kind = OperationKind::rename;
  operation.parent = parent;
  operation.name = name;
  operation.new_parent = nodes_.id_of(new_parent);
  operation.new_name = new_name;
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 || operation.new_parent == FileId::none()) {
    fuse_reply_err(request, operation.new_parent == FileId::none() ? ESTALE : EINVAL);
    return;
  }
  if ((flags & RENAME_NOREPLACE) != 0) operation.flags |= flag_no_replace;
  if ((flags & RENAME_EXCHANGE) != 0) operation.flags |= flag_exchange;
  this->request(request, std::move(operation), Answer::done);
}

void FuseSession::write(Request request, const FileId& file, const char* data, std::size_t size, off_t offset,
                        FileInfo /*info*/) {
  // libfuse hands over what the request says, without a look at what came.
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  if (size > static_cast<std::size_t>(current_.message.data() + current_.message.size() - bytes)) {
    fuse_reply_err(request, EIO);
    return;
  }
  Operation operation;
  operation.kind = OperationKind::write;
  operation.file = file;
  operation.offset = static_cast<std::uint64_t>(offset);
  if (size <= fuse_copy_bytes_max) {
    operation.data = Buffer::copy_of(std::span(bytes, size));
  } else {
    operation.data = Buffer(std::shared_ptr<const void>(std::move(receive_buffer_)), bytes, size);
    receive_buffer_.reset();  // the next message gets a buffer of its own
  }
  if (current_.ends_privileges) {
    operation.attributes.mask = attribute_mode;
    operation.attributes.mode = kept_privileges(request, file);
  }
  this->request(request, std::move(operation), Answer::written);
}

void FuseSession::set_attributes(Request request, const FileId& file, struct stat* values, int which, FileInfo info) {
  Operation operation;
  operation.kind = OperationKind::set_attributes;
  operation.file = file;
  Attributes& wanted = operation.attributes;
  if ((which & FUSE_SET_ATTR_MODE) != 0) {
    wanted.mask |= attribute_mode;
    wanted.mode = values->st_mode & 07777U;
  }
  if ((which & FUSE_SET_ATTR_UID) != 0) {
    wanted.mask |= attribute_uid;
    wanted.uid = values->st_uid;
  }
  if ((which & FUSE_SET_ATTR_GID) != 0) {
    wanted.mask |= attribute_gid;
    wanted.gid = values->st_gid;
  }
  if ((which & FUSE_SET_ATTR_SIZE) != 0) {
    wanted.mask |= attribute_size;
    wanted.size_bytes = static_cast<std::uint64_t>(values->st_size);
    // ftruncate(2) and O_TRUNC always change the time; truncate(2) on XFS only with the size. The kernel does not tell
    // O_TRUNC from truncate(2) to nothing.
    if (info != nullptr || values->st_size == 0) wanted.mask |= attribute_mtime_now;
  }
  if ((which & FUSE_SET_ATTR_ATIME_NOW) != 0) {
    wanted.mask |= attribute_atime_now;
  } else if ((which & FUSE_SET_ATTR_ATIME) != 0) {
    wanted.mask |= attribute_atime;
    wanted.atime_ns = nanoseconds(values->st_atim);
  }
  if ((which & FUSE_SET_ATTR_MTIME_NOW) != 0) {
    wanted.mask |= attribute_mtime_now;
  } else if ((which & FUSE_SET_ATTR_MTIME) != 0) {
    wanted.mask |= attribute_mtime;
    wanted.mtime_ns = nanoseconds(values->st_mtim);
  }
  end_privileges(request, file, wanted);
  if (wanted.mask == 0) return answer_attributes(request, file);
  this->request(request, std::move(operation), Answer::attributes);
}

void FuseSession::allocate(Request request, const FileId& file, int mode, off_t offset, off_t length,
                           FileInfo /*info*/) {
  constexpr int known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((mode & ~known) != 0) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  Operation operation;
  operation.kind = OperationKind::allocate;
  operation.file = file;
  operation.offset = static_cast<std::uint64_t>(offset);
  operation.length = static_cast<std::uint64_t>(length);
  if ((mode & FALLOC_FL_KEEP_SIZE) != 0) operation.flags |= flag_keep_size;
  if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) operation.flags |= flag_punch_hole;
  if ((mode & FALLOC_FL_ZERO_RANGE) != 0) operation.flags |= flag_zero_range;
  // The protocol does not say here whether the caller may keep privileges.
  if (fuse_req_ctx(request)->uid != 0) {
    operation.attributes.mask = attribute_mode;
    operation.attributes.mode = kept_privileges(request, file);
  }
  this->request(request, std::move(operation), Answer::done);
}

void FuseSession::set_xattr(Request request, const FileId& file, const char* name, const char* value, std::size_t size,
                            int flags) {
  Operation operation;
  operation.kind = OperationKind::set_xattr;
  operation.file = file;
  operation.name = name;
  operation.data = Buffer::copy_of(std::string_view(value, size));
  if ((flags & XATTR_CREATE) != 0) operation.flags |= flag_xattr_create;
  if ((flags & XATTR_REPLACE) != 0) operation.flags |= flag_xattr_replace;
  if (current_.ends_privileges) operation.attributes.mask = attribute_mode;
  this->request(request, std::move(operation), Answer::done);
}

void FuseSession::remove_xattr(Request request, const FileId& file, const char* name) {
  Operation operation;
  operation.kind = OperationKind::remove_xattr;
  operation.file = file;
  operation.name = name;
  this->request(request, std::move(operation), Answer::done);
}

void FuseSession::sync(Request request, const FileId& file, int data_only, FileInfo /*info*/) {
  Operation operation;
  operation.kind = OperationKind::sync;
  operation.file = file;
  if (data_only != 0) operation.flags |= flag_data_only;
  this->request(request, std::move(operation), Answer::done);
}

}  // namespace lockstep::linux_io
