// Set-user-ID and set-group-ID bits end when contents or owners change. The kernel tells us that they may have to, and
// leaves it to us by FUSE_HANDLE_KILLPRIV_V2.
#include "io/linux/fuse_session.h"

#include <algorithm>
#include <sys/stat.h>
#include <vector>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {
namespace {

constexpr std::uint32_t privilege_bits = S_ISUID | S_ISGID;

bool in_group(fuse_req_t request, gid_t group) {
  if (fuse_req_ctx(request)->gid == group) return true;
  std::vector<gid_t> groups(64);
  int count = fuse_req_getgroups(request, static_cast<int>(groups.size()), groups.data());
  if (count > static_cast<int>(groups.size())) {
    groups.resize(static_cast<std::size_t>(count));
    count = fuse_req_getgroups(request, count, groups.data());
  }
  // Of a caller that is gone nothing is known: it loses the bit.
  const auto end = groups.begin() + std::clamp(count, 0, static_cast<int>(groups.size()));
  return std::find(groups.begin(), end, group) != end;
}

}  // namespace

/// The permission bits as they are after a change by the caller, who has no CAP_FSETID.
std::uint32_t FuseSession::without_privileges(Request request, const struct stat& status) {
  std::uint32_t mode = status.st_mode & 07777U & ~static_cast<std::uint32_t>(S_ISUID);
  if ((mode & S_ISGID) == 0) return mode;
  // Without the group's right to execute, the bit once meant mandatory locking; members may keep it.
  const bool stays = (mode & S_IXGRP) == 0 && in_group(request, status.st_gid);
  return stays ? mode : mode & ~static_cast<std::uint32_t>(S_ISGID);
}

/// Which of the bits outlive a write. Only asked of the volume where there are any.
std::uint32_t FuseSession::kept_privileges(Request request, const FileId& file) {
  if (!nodes_.privileged(file)) return 0;
  const auto status = environment_.volume.status(file);
  return status.ok() ? without_privileges(request, status.value) & privilege_bits : 0;
}

/// Adds to a request what it leaves unsaid. The owner's own call, chown(2), has the volume end what root's would end.
void FuseSession::end_privileges(Request request, const FileId& file, Attributes& wanted) {
  const bool truncates = current_.ends_privileges && (wanted.mask & attribute_size) != 0;
  const bool gives = wanted.mask == 0 || (wanted.mask & (attribute_uid | attribute_gid)) != 0;
  if ((wanted.mask & attribute_mode) != 0 || (!truncates && !gives)) return;
  const auto status = environment_.volume.status(file);
  if (!status.ok()) return;
  if (wanted.mask == 0) {  // chown(2) to nobody else
    wanted.mask = attribute_uid;
    wanted.uid = status.value.st_uid;
  }
  const bool root = fuse_req_ctx(request)->uid == 0;
  const bool has_any = S_ISREG(status.value.st_mode) && (status.value.st_mode & privilege_bits) != 0;
  if (!has_any || (root && !truncates)) return;
  wanted.mask |= attribute_mode;
  wanted.mode = without_privileges(request, status.value);
}

void FuseSession::refresh_privileges(const FileId& id) {
  const std::uint64_t node = nodes_.told_privileged(id);
  if (node == 0) return;
  // Attributes only, the pages stay. Fails only if the kernel has forgotten the object, and its mode with it.
  fuse_lowlevel_notify_inval_inode(session_.get(), node, -1, 0);
  nodes_.untold_privileged(id);
}

}  // namespace lockstep::linux_io
