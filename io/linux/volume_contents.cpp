// Operations on one object: data, attributes, allocation, extended attributes; and reading for the peer.
#include "engine/values/hash64.h"
#include "io/linux/file_reading.h"
#include "io/linux/volume.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/falloc.h>
#include <memory>
#include <span>
#include <sys/xattr.h>
#include <vector>

namespace lockstep::linux_io {

using io::Origin;

namespace {

/// Which bits end when somebody without CAP_FSETID makes the change.
mode_t ending_privileges(OperationKind kind) {
  return kind == OperationKind::set_xattr ? S_ISGID : S_ISUID | S_ISGID;  // an ACL, by somebody outside the group
}

/// What fails on a full disk may have changed the time and the size already; then nothing may have changed.
void undo_failed(const OpenObject& object, const Outcome<struct stat>& before) {
  const auto after = status_of(object);
  if (!before.ok() || !after.ok()) return;
  const bool grown = S_ISREG(after.value.st_mode) && after.value.st_size != before.value.st_size;
  if (grown && ::ftruncate(object.fd(), before.value.st_size) != 0) return;
  if (grown || nanoseconds(after.value.st_mtim) != nanoseconds(before.value.st_mtim)) {
    change_times(object, {0, UTIME_OMIT}, before.value.st_mtim);
  }
}

timespec requested_time(const Attributes& attributes, std::uint32_t set, std::uint32_t now, std::int64_t ns) {
  if ((attributes.mask & now) != 0) return {0, UTIME_NOW};
  if ((attributes.mask & set) != 0) return to_timespec(ns);
  return {0, UTIME_OMIT};
}

}  // namespace

/// After a change of contents: ends privileges where asked, reports (application) or takes over (stream) what
/// `report` names of mode and mtime.
int LinuxVolume::finish_contents(const OpenObject& object, const Operation& operation, Origin origin,
                                 std::uint32_t report, io::Applied& result) {
  const Attributes& wanted = operation.attributes;
  if (origin == Origin::stream) {
    if ((wanted.mask & attribute_mtime) != 0) owe_mtime(operation.file, wanted.mtime_ns);
    if ((wanted.mask & attribute_mode) == 0) return 0;
    const auto status = status_of(object);
    if (!status.ok()) return status.error;
    const mode_t mode = wanted.mode & permission_bits;
    return mode == (status.value.st_mode & permission_bits) ? 0 : change_mode(object, mode);
  }
  auto status = status_of(object);
  if (!status.ok()) return status.error;
  mode_t mode = status.value.st_mode;
  if ((wanted.mask & attribute_mode) != 0) mode &= ~(ending_privileges(operation.kind) & ~wanted.mode);
  if (mode != status.value.st_mode) {
    if (const int error = change_mode(object, mode & permission_bits); error != 0) return error;
    report |= attribute_mode;
  }
  Attributes& effect = result.effect.attributes;
  effect = Attributes{};
  effect.mask = report;
  if ((report & attribute_mode) != 0) effect.mode = mode;
  if ((report & attribute_mtime) != 0) effect.mtime_ns = nanoseconds(status.value.st_mtim);
  result.replicated = status.value.st_nlink != 0;
  return 0;
}

int LinuxVolume::write(const Operation& operation, Origin origin, io::Applied& result) {
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  Outcome<struct stat> before;
  if (origin == Origin::application) before = status_of(*object.value);
  std::size_t done = 0;
  const int error = write_fully(object.value->fd(), operation.data, operation.offset, done);
  if (error != 0 && origin == Origin::stream) return error;
  if (error != 0 && done == 0) {
    undo_failed(*object.value, before);
    return error;
  }
  result.bytes = done;
  if (done < operation.data.size()) result.effect.data = operation.data.slice(0, done);
  return finish_contents(*object.value, operation, origin, attribute_mtime, result);
}

int LinuxVolume::fill(const Operation& operation) {
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  std::int64_t mtime_ns = operation.attributes.mtime_ns;
  if ((operation.attributes.mask & attribute_mtime) == 0) {
    const auto owed = unsettled_.find(operation.file);
    if (owed != unsettled_.end()) {
      mtime_ns = owed->second;
    } else {
      const auto status = status_of(*object.value);
      if (!status.ok()) return status.error;
      mtime_ns = nanoseconds(status.value.st_mtim);
    }
  }
  std::size_t done = 0;
  const int error = write_fully(object.value->fd(), operation.data, operation.offset, done);
  owe_mtime(operation.file, mtime_ns);
  return error;
}

int LinuxVolume::set_attributes(const Operation& operation, Origin origin, io::Applied& result) {
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  const Attributes& wanted = operation.attributes;
  const OpenObject& target = *object.value;
  if ((wanted.mask & attribute_size) != 0) {
    if (const int error = change_size(target, wanted.size_bytes); error != 0) return error;
  }
  if ((wanted.mask & (attribute_uid | attribute_gid)) != 0) {
    const auto uid = (wanted.mask & attribute_uid) != 0 ? wanted.uid : static_cast<uid_t>(-1);
    const auto gid = (wanted.mask & attribute_gid) != 0 ? wanted.gid : static_cast<gid_t>(-1);
    if (const int error = change_owner(target, uid, gid); error != 0) return error;
  }
  // Linux has no permissions of symbolic links; the stream may name the constant ones.
  const bool symlink = S_ISLNK(table_->type_of(operation.file));
  if ((wanted.mask & attribute_mode) != 0 && !(symlink && origin == Origin::stream)) {
    if (const int error = change_mode(target, wanted.mode & permission_bits); error != 0) return error;
  }
  const timespec atime = requested_time(wanted, attribute_atime, attribute_atime_now, wanted.atime_ns);
  const timespec mtime = requested_time(wanted, attribute_mtime, attribute_mtime_now, wanted.mtime_ns);
  if (atime.tv_nsec != UTIME_OMIT || mtime.tv_nsec != UTIME_OMIT) {
    if (const int error = change_times(target, atime, mtime); error != 0) return error;
    if (mtime.tv_nsec != UTIME_OMIT) unsettled_.erase(operation.file);
  }
  if (origin == Origin::stream) return 0;

  const auto status = status_of(target);
  if (!status.ok()) return status.error;
  Attributes& effect = result.effect.attributes;
  effect = Attributes{};
  effect.mask = wanted.mask & (attribute_mode | attribute_uid | attribute_gid | attribute_size);
  if ((effect.mask & (attribute_uid | attribute_gid)) != 0) effect.mask |= attribute_mode;
  if (symlink) effect.mask &= ~static_cast<std::uint32_t>(attribute_mode);
  if (atime.tv_nsec != UTIME_OMIT) effect.mask |= attribute_atime;
  if (mtime.tv_nsec != UTIME_OMIT || (effect.mask & attribute_size) != 0) effect.mask |= attribute_mtime;
  if ((effect.mask & attribute_mode) != 0) effect.mode = status.value.st_mode & permission_bits;
  if ((effect.mask & attribute_uid) != 0) effect.uid = status.value.st_uid;
  if ((effect.mask & attribute_gid) != 0) effect.gid = status.value.st_gid;
  if ((effect.mask & attribute_size) != 0) effect.size_bytes = wanted.size_bytes;
  if ((effect.mask & attribute_atime) != 0) effect.atime_ns = nanoseconds(status.value.st_atim);
  if ((effect.mask & attribute_mtime) != 0) effect.mtime_ns = nanoseconds(status.value.st_mtim);
  result.replicated = status.value.st_nlink != 0;
  return 0;
}

int LinuxVolume::allocate(const Operation& operation, Origin origin, io::Applied& result) {
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  int mode = 0;
  if ((operation.flags & flag_keep_size) != 0) mode |= FALLOC_FL_KEEP_SIZE;
  if ((operation.flags & flag_punch_hole) != 0) mode |= FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if ((operation.flags & flag_zero_range) != 0) mode |= FALLOC_FL_ZERO_RANGE;
  const auto before = status_of(*object.value);
  while (::fallocate(object.value->fd(), mode, static_cast<off_t>(operation.offset),
                     static_cast<off_t>(operation.length)) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    if (origin == Origin::application) undo_failed(*object.value, before);
    return error;
  }
  return finish_contents(*object.value, operation, origin, attribute_mtime, result);
}

int LinuxVolume::set_xattr(const Operation& operation, Origin origin, io::Applied& result) {
  if (operation.name.starts_with(reserved_attribute_prefix)) return EPERM;
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  int flags = 0;
  if ((operation.flags & flag_xattr_create) != 0) flags |= XATTR_CREATE;
  if ((operation.flags & flag_xattr_replace) != 0) flags |= XATTR_REPLACE;
  const int error = set_attribute(*object.value, operation.name, operation.data.data(), operation.data.size(), flags);
  bool set_before = false;
  if (error == EEXIST && is_resent(operation, origin)) {
    const auto value = linux_io::attribute_value(*object.value, operation.name);
    set_before = value.ok() && value.value == operation.data.text();
  }
  if (error != 0 && !set_before) return error;
  // The condition was met here; on an equal tree the value is all that counts.
  result.effect.flags &= ~static_cast<std::uint32_t>(flag_xattr_create | flag_xattr_replace);
  const bool changes_mode = operation.name == "system.posix_acl_access";
  const int finished = finish_contents(*object.value, operation, origin, changes_mode ? attribute_mode : 0U, result);
  if (set_before) result.replicated = false;
  return finished;
}

int LinuxVolume::remove_xattr(const Operation& operation, Origin origin, io::Applied& result) {
  if (operation.name.starts_with(reserved_attribute_prefix)) return ENODATA;
  const auto object = resolve(operation.file);
  if (!object.ok()) return object.error;
  if (const int error = remove_attribute(*object.value, operation.name); error != 0) {
    if (error != ENODATA || !is_resent(operation, origin)) return error;
    result.replicated = false;
    return 0;
  }
  return finish_contents(*object.value, operation, origin, 0, result);
}

void LinuxVolume::digest(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                         std::uint32_t chunk_bytes) {
  if (postponed(Needs::index, [this, ticket, file, offset, length, chunk_bytes] {
        digest(ticket, file, offset, length, chunk_bytes);
      })) {
    return;
  }
  io::Digested digested;
  digested.ticket = ticket;
  const auto object = resolve(file);
  digested.error = chunk_bytes == 0 ? EINVAL : object.error;
  if (digested.error == 0) {
    const auto status = status_of(*object.value);
    digested.error = status.ok() && status.value.st_nlink == 0 ? ENOENT : status.error;
  }
  std::vector<std::byte> chunk(digested.error == 0 ? chunk_bytes : 0);
  while (digested.error == 0 && length != 0) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, length));
    const auto got = read_fully(object.value->fd(), chunk.data(), wanted, offset);
    digested.error = got.error;
    if (!got.ok() || got.value == 0) break;
    const std::span<const std::byte> present(chunk.data(), got.value);
    digested.digests.push_back(all_zero(present) ? 0 : hash64(present));
    if (got.value < wanted) break;
    offset += wanted;
    length -= wanted;
  }
  if (digested.error != 0) digested.digests.clear();
  sink_.post(std::move(digested));
}

void LinuxVolume::read(Ticket ticket, FileId file, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t chunk_bytes) {
  if (postponed(Needs::index, [this, ticket, file, offset, length, chunk_bytes] {
        read(ticket, file, offset, length, chunk_bytes);
      })) {
    return;
  }
  io::RegionRead region;
  region.ticket = ticket;
  settle_one(file);
  const auto object = resolve(file);
  region.error = chunk_bytes == 0 ? EINVAL : object.error;
  if (region.error == 0) {
    const auto status = status_of(*object.value);
    region.error = status.ok() && status.value.st_nlink == 0 ? ENOENT : status.error;
    if (region.error == 0) {
      auto read = read_pieces(object.value->fd(), status.value, offset, length, chunk_bytes);
      region.error = read.error;
      region.pieces = std::move(read.value);
      region.mtime_ns = nanoseconds(status.value.st_mtim);
    }
  }
  sink_.post(std::move(region));
}

}  // namespace lockstep::linux_io
