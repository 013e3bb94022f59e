// What the kernel is told of objects.
#include "io/linux/fuse_session.h"

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {

struct stat FuseSession::describe_attributes(const FileId& id, const struct stat& status) {
  nodes_.told_mode(id, status.st_mode);
  struct stat attributes = status;
  // The staging directory is not to be seen, so it is not to be counted.
  if (id == FileId::root() && attributes.st_nlink > 2) --attributes.st_nlink;
  return attributes;
}

fuse_entry_param FuseSession::describe_entry(const LinuxVolume::Looked& object) {
  fuse_entry_param entry{};
  entry.ino = nodes_.remember(object.id, object.place);
  entry.entry_timeout = fuse_cache_seconds;
  entry.attr_timeout = fuse_cache_seconds;
  entry.attr = describe_attributes(object.id, object.status);
  return entry;
}

void FuseSession::answer_attributes(Request request, const FileId& id) {
  const auto status = environment_.volume.status(id);
  if (!status.ok()) {
    fuse_reply_err(request, status.error);
    return;
  }
  const struct stat attributes = describe_attributes(id, status.value);
  fuse_reply_attr(request, &attributes, fuse_cache_seconds);
}

void FuseSession::answer_entry(Request request, const FileId& id) {
  const auto object = environment_.volume.lookup(id);
  if (!object.ok()) {
    fuse_reply_err(request, object.error);
    return;
  }
  const fuse_entry_param entry = describe_entry(object.value);
  fuse_reply_entry(request, &entry);
}

void FuseSession::answer_created(const Pending& pending, const FileId& id) {
  const Request request = pending.request;
  const auto object = environment_.volume.lookup(id);
  if (!object.ok()) {
    fuse_reply_err(request, object.error);
    return;
  }
  const fuse_entry_param entry = describe_entry(object.value);
  if (const int error = count_open(id, pending.number, pending.resent); error != 0) {
    nodes_.forget(entry.ino, 1);
    fuse_reply_err(request, error);
    return;
  }
  fuse_file_info opened{};
  opened.keep_cache = 1;
  opening_ = true;
  fuse_reply_create(request, &entry, &opened);
  opening_ = false;
}

void FuseSession::answer_open(Request request, fuse_file_info& opened) {
  opening_ = true;
  fuse_reply_open(request, &opened);
  opening_ = false;
}

}  // namespace lockstep::linux_io
