// Calls that change nothing: answered from the volume, without the engine.
#include "io/linux/fuse_session.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <fuse_lowlevel.h>

namespace lockstep::linux_io {
namespace {

constexpr std::size_t listing_bytes = std::size_t{32} << 10U;

}  // namespace

void FuseSession::look_up(Request request, const FileId& parent, const char* name) {
  const auto looked = environment_.volume.lookup(parent, name);
  if (!looked.ok() && looked.error != ENOENT) {
    fuse_reply_err(request, looked.error);
    return;
  }
  fuse_entry_param entry{};  // node 0: the kernel may remember that there is nothing
  entry.entry_timeout = fuse_cache_seconds;
  if (looked.ok()) entry = describe_entry(looked.value);
  fuse_reply_entry(request, &entry);
}

void FuseSession::get_attributes(Request request, const FileId& file, FileInfo /*info*/) {
  answer_attributes(request, file);
}

void FuseSession::check_access(Request request, const FileId& /*file*/, int /*wanted*/) {
  fuse_reply_err(request, 0);  // the kernel checks (default_permissions)
}

void FuseSession::open_file(Request request, const FileId& file, FileInfo /*info*/) {
  if (const int error = count_open(file, request_number(current_), current_.resent); error != 0) {
    fuse_reply_err(request, error);
    return;
  }
  fuse_file_info opened{};
  opened.keep_cache = 1;
  answer_open(request, opened);
}

void FuseSession::open_directory(Request request, const FileId& file, FileInfo /*info*/) {
  auto listing = environment_.volume.open_listing(file);
  const int error = listing.ok() ? count_open(file, request_number(current_), current_.resent) : listing.error;
  if (error != 0) {
    fuse_reply_err(request, error);
    return;
  }
  fuse_file_info opened{};
  opened.fh = state_.next_listing();
  opened.keep_cache = 1;
  opened.cache_readdir = 1;
  listings_[opened.fh] = Listing{std::move(listing.value), file};
  fuse_reply_open(request, &opened);
}

void FuseSession::release_file(Request request, const FileId& file, FileInfo /*info*/) {
  count_release(file, request_number(current_), current_.resent);
  fuse_reply_err(request, 0);
  if (!kept_files_.empty() && !nodes_.is_open(file)) drop_file(file);
}

void FuseSession::release_directory(Request request, const FileId& file, FileInfo info) {
  listings_.erase(info->fh);
  release_file(request, file, info);
}

void FuseSession::read(Request request, const FileId& file, std::size_t size, off_t offset, FileInfo /*info*/) {
  const auto object = environment_.volume.open(file);
  if (!object.ok()) {
    fuse_reply_err(request, object.error);
    return;
  }
  size = std::min(size, fuse_write_bytes_max);
  iovec part{read_buffer_.get(), size};
  const ssize_t count = ::preadv2(object.value->fd(), &part, 1, offset, RWF_NOWAIT);
  bool complete = count == static_cast<ssize_t>(size);
  if (!complete && count >= 0) {
    // Short: the end of the file, or the rest is not in memory.
    struct stat status {};
    complete = ::fstat(object.value->fd(), &status) == 0 && offset + count >= status.st_size;
  }
  if (!complete) return read_by_worker(request, object.value, offset, size);
  fuse_reply_buf(request, read_buffer_.get(), static_cast<std::size_t>(count));
}

/// A slow disk must not stop the loop. The answer is given there again, if the session still waits for it.
void FuseSession::read_by_worker(Request request, OpenObjectPtr object, off_t offset, std::size_t size) {
  reading_.insert(request);
  boost::asio::post(environment_.workers, [weak = weak_from_this(), &loop = environment_.loop, request,
                                           object = std::move(object), offset, size]() mutable {
    std::vector<char> data(size);
    std::size_t done = 0;
    int error = 0;
    while (done < size) {
      const ssize_t count = ::pread(object->fd(), data.data() + done, size - done, offset + static_cast<off_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) error = errno;
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    data.resize(done);
    boost::asio::post(loop, [weak, request, error, data = std::move(data)] {
      const auto self = weak.lock();
      if (!self || self->reading_.erase(request) == 0) return;
      if (error != 0 && data.empty()) {
        fuse_reply_err(request, error);
      } else {
        fuse_reply_buf(request, data.data(), data.size());
      }
    });
  });
}

void FuseSession::list(Request request, const FileId& directory, std::size_t size, off_t offset, FileInfo info) {
  read_directory(request, directory, size, offset, info->fh, false);
}

void FuseSession::list_with_attributes(Request request, const FileId& directory, std::size_t size, off_t offset,
                                       FileInfo info) {
  read_directory(request, directory, size, offset, info->fh, true);
}

void FuseSession::read_directory(Request request, const FileId& directory, std::size_t size, off_t offset,
                                 std::uint64_t handle, bool with_attributes) {
  auto listing = listings_.find(handle);
  if (listing == listings_.end()) {
    // An earlier life has opened it. Offsets are the directory's own.
    auto opened = environment_.volume.open_listing(directory);
    if (!opened.ok()) {
      fuse_reply_err(request, opened.error);
      return;
    }
    listing = listings_.emplace(handle, Listing{std::move(opened.value), directory}).first;
  }
  const int fd = listing->second.descriptor.fd();
  if (::lseek(fd, offset, SEEK_SET) < 0) {
    fuse_reply_err(request, errno);
    return;
  }

  std::vector<char> reply(size);
  std::size_t used = 0;
  alignas(dirent64) char entries[listing_bytes];
  bool full = false;
  while (!full) {
    const ssize_t bytes = ::getdents64(fd, entries, sizeof entries);
    if (bytes < 0 && used == 0) {
      fuse_reply_err(request, errno);
      return;
    }
    if (bytes <= 0) break;
    for (ssize_t at = 0; at < bytes && !full;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(entries + at);
      at += entry.d_reclen;
      const std::string name(entry.d_name);
      if (LinuxVolume::hidden(directory, name)) continue;
      // First only asked how much it takes: attributes that are told count as a lookup.
      const std::size_t needed = with_attributes ? fuse_add_direntry_plus(request, nullptr, 0, entry.d_name, nullptr, 0)
                                                 : fuse_add_direntry(request, nullptr, 0, entry.d_name, nullptr, 0);
      full = used + needed > size;
      if (full) break;
      fuse_entry_param described{};  // node 0: no attributes
      described.attr.st_ino = entry.d_ino;
      described.attr.st_mode = DTTOIF(entry.d_type);
      if (with_attributes && name != "." && name != "..") {
        const auto looked = environment_.volume.lookup(directory, name);
        if (looked.ok()) described = describe_entry(looked.value);
      }
      char* const into = reply.data() + used;
      if (with_attributes) {
        fuse_add_direntry_plus(request, into, needed, entry.d_name, &described, entry.d_off);
      } else {
        fuse_add_direntry(request, into, needed, entry.d_name, &described.attr, entry.d_off);
      }
      used += needed;
    }
  }
  fuse_reply_buf(request, reply.data(), used);
}

void FuseSession::read_link(Request request, const FileId& file) {
  const auto target = environment_.volume.link_target(file);
  if (target.ok()) {
    fuse_reply_readlink(request, target.value.c_str());
  } else {
    fuse_reply_err(request, target.error);
  }
}

void FuseSession::answer_xattr(Request request, std::string_view value, std::size_t room) {
  if (room == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (value.size() > room) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, value.data(), value.size());
  }
}

void FuseSession::get_xattr(Request request, const FileId& file, const char* name, std::size_t room) {
  const auto value = environment_.volume.attribute_value(file, name);
  if (value.ok()) {
    answer_xattr(request, value.value, room);
  } else {
    fuse_reply_err(request, value.error);
  }
}

void FuseSession::list_xattr(Request request, const FileId& file, std::size_t room) {
  const auto names = environment_.volume.attribute_names(file);
  if (!names.ok()) {
    fuse_reply_err(request, names.error);
    return;
  }
  // The kernel asks once for every caller; what needs a privilege is listed for those only who have it.
  const bool root = fuse_req_ctx(request)->uid == 0;
  std::string list;
  for (const std::string& name : names.value) {
    if (root || !name.starts_with(XATTR_TRUSTED_PREFIX)) list += name + '\0';
  }
  answer_xattr(request, list, room);
}

void FuseSession::seek(Request request, const FileId& file, off_t offset, int whence, FileInfo /*info*/) {
  const auto object = environment_.volume.open(file);
  const off_t position = object.ok() ? ::lseek(object.value->fd(), offset, whence) : -1;
  if (position >= 0) {
    fuse_reply_lseek(request, position);
  } else {
    fuse_reply_err(request, object.ok() ? errno : object.error);
  }
}

void FuseSession::statistics(Request request) {
  const auto space = environment_.volume.space();
  if (space.ok()) {
    fuse_reply_statfs(request, &space.value);
  } else {
    fuse_reply_err(request, space.error);
  }
}

}  // namespace lockstep::linux_io
