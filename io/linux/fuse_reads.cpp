// Calls that change nothing: answered from the volume, without the engine.
#include "io/linux/fuse_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {
namespace {

constexpr std::size_t listing_bytes = std::size_t{32} << 10U;

/// Appends one entry in the kernel's layout; false if it does not fit any more.
bool append_entry(std::vector<std::byte>& into, std::size_t room, const fuse_entry_out* attributes,
                  const dirent64& entry) {
  const std::size_t name_bytes = std::strlen(entry.d_name);
  const std::size_t head = attributes != nullptr ? sizeof(fuse_entry_out) : 0;
  const std::size_t bytes = FUSE_DIRENT_ALIGN(head + FUSE_NAME_OFFSET + name_bytes);
  if (into.size() + bytes > room) return false;
  const std::size_t at = into.size();
  into.resize(at + bytes);
  if (attributes != nullptr) std::memcpy(&into[at], attributes, sizeof *attributes);
  fuse_dirent out{};
  out.ino = entry.d_ino;
  out.off = static_cast<std::uint64_t>(entry.d_off);
  out.namelen = static_cast<std::uint32_t>(name_bytes);
  out.type = entry.d_type;
  std::memcpy(&into[at + head], &out, FUSE_NAME_OFFSET);
  std::memcpy(&into[at + head + FUSE_NAME_OFFSET], entry.d_name, name_bytes);
  return true;
}

}  // namespace

bool FuseSession::dispatch_read(const Message& message, const FileId& file) {
  switch (message.opcode) {
    case FUSE_READ: read(message, file); return true;
    case FUSE_LOOKUP: look_up(message, file); return true;
    case FUSE_GETATTR: answer_attributes(message.unique, file); return true;
    case FUSE_OPEN: open_file(message, file); return true;
    case FUSE_RELEASE: release(message, false); return true;
    case FUSE_OPENDIR: open_directory(message, file); return true;
    case FUSE_RELEASEDIR: release(message, true); return true;
    case FUSE_READDIR: read_directory(message, file, false); return true;
    case FUSE_READDIRPLUS: read_directory(message, file, true); return true;
    case FUSE_READLINK: read_link(message, file); return true;
    case FUSE_GETXATTR: get_xattr(message, file); return true;
    case FUSE_LISTXATTR: list_xattr(message, file); return true;
    case FUSE_LSEEK: seek(message, file); return true;
    case FUSE_ACCESS: answer(message.unique, 0); return true;  // the kernel checks (default_permissions)
    default: return false;
  }
}

void FuseSession::look_up(const Message& message, const FileId& parent) {
  const auto looked = environment_.volume.lookup(parent, message.text(0));
  if (looked.ok()) return answer_with(message.unique, describe_entry(looked.value.id, looked.value.status));
  if (looked.error != ENOENT) return answer(message.unique, looked.error);
  fuse_entry_out absent{};  // node 0: the kernel may remember that there is nothing
  absent.entry_valid = fuse_cache_seconds;
  answer_with(message.unique, absent);
}

void FuseSession::open_file(const Message& message, const FileId& file) {
  if (const int error = environment_.volume.pin(file); error != 0) return answer(message.unique, error);
  nodes_.opened(message.node);
  fuse_open_out out{};
  out.open_flags = FOPEN_KEEP_CACHE | FOPEN_PARALLEL_DIRECT_WRITES;
  answer_with(message.unique, out);
}

void FuseSession::open_directory(const Message& message, const FileId& file) {
  auto listing = environment_.volume.open_listing(file);
  if (!listing.ok()) return answer(message.unique, listing.error);
  if (const int error = environment_.volume.pin(file); error != 0) return answer(message.unique, error);
  nodes_.opened(message.node);
  fuse_open_out out{};
  out.fh = ++last_listing_;
  out.open_flags = FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR;
  listings_[out.fh] = Listing{std::move(listing.value), file};
  answer_with(message.unique, out);
}

void FuseSession::release(const Message& message, bool directory) {
  if (directory) listings_.erase(message.argument<fuse_release_in>().fh);
  environment_.volume.unpin(nodes_.id_of(message.node));
  nodes_.released(message.node);
  answer(message.unique, 0);
}

void FuseSession::read(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_read_in>();
  const auto object = environment_.volume.open(file);
  if (!object.ok()) return answer(message.unique, object.error);
  const std::size_t size = std::min<std::size_t>(in.size, read_buffer_.size());
  iovec part{read_buffer_.data(), size};
  const ssize_t count = ::preadv2(object.value->fd(), &part, 1, static_cast<off_t>(in.offset), RWF_NOWAIT);
  bool complete = count == static_cast<ssize_t>(size);
  if (!complete && count >= 0) {
    // Short: the end of the file, or the rest is not in memory.
    struct stat status {};
    const auto end = static_cast<std::int64_t>(in.offset) + count;
    complete = ::fstat(object.value->fd(), &status) == 0 && end >= status.st_size;
  }
  if (!complete) return read_by_worker(message.unique, object.value, in.offset, size);
  answer(message.unique, 0, {iovec{read_buffer_.data(), static_cast<std::size_t>(count)}});
}

/// A slow disk must not stop the loop.
void FuseSession::read_by_worker(std::uint64_t unique, OpenObjectPtr object, std::uint64_t offset, std::size_t size) {
  boost::asio::post(environment_.workers, [weak = weak_from_this(), &loop = environment_.loop, unique,
                                           object = std::move(object), offset, size]() mutable {
    std::vector<std::byte> data(size);
    std::size_t done = 0;
    int error = 0;
    while (done < size) {
      const ssize_t count = ::pread(object->fd(), data.data() + done, size - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) error = errno;
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    data.resize(done);
    boost::asio::post(loop, [weak, unique, error, data = std::move(data)]() mutable {
      const auto self = weak.lock();
      if (!self) return;
      if (error != 0 && data.empty()) return self->answer(unique, error);
      self->answer(unique, 0, {iovec{data.data(), data.size()}});
    });
  });
}

void FuseSession::read_directory(const Message& message, const FileId& file, bool with_attributes) {
  const auto& in = message.argument<fuse_read_in>();
  const auto listing = listings_.find(in.fh);
  if (listing == listings_.end()) return answer(message.unique, EBADF);
  const int fd = listing->second.descriptor.fd();
  if (::lseek(fd, static_cast<off_t>(in.offset), SEEK_SET) < 0) return answer(message.unique, errno);

  std::vector<std::byte> reply;
  reply.reserve(in.size);
  alignas(dirent64) char entries[listing_bytes];
  bool full = false;
  while (!full) {
    const ssize_t bytes = ::getdents64(fd, entries, sizeof entries);
    if (bytes < 0 && reply.empty()) return answer(message.unique, errno);
    if (bytes <= 0) break;
    for (ssize_t at = 0; at < bytes && !full;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(entries + at);
      at += entry.d_reclen;
      const std::string name(entry.d_name);
      if (LinuxVolume::hidden(file, name)) continue;
      fuse_entry_out attributes{};
      const bool itself = name == "." || name == "..";
      if (with_attributes && !itself) {
        const std::size_t needed = FUSE_DIRENT_ALIGN(sizeof attributes + FUSE_NAME_OFFSET + name.size());
        full = reply.size() + needed > in.size;  // before the lookup is counted
        if (full) break;
        const auto looked = environment_.volume.lookup(file, name);
        if (looked.ok()) attributes = describe_entry(looked.value.id, looked.value.status);
      }
      full = !append_entry(reply, in.size, with_attributes ? &attributes : nullptr, entry);
    }
  }
  answer(message.unique, 0, {iovec{reply.data(), reply.size()}});
}

void FuseSession::read_link(const Message& message, const FileId& file) {
  auto target = environment_.volume.link_target(file);
  if (!target.ok()) return answer(message.unique, target.error);
  answer(message.unique, 0, {iovec{target.value.data(), target.value.size()}});
}

void FuseSession::answer_xattr(const Message& message, std::string_view value) {
  const std::uint32_t room = message.argument<fuse_getxattr_in>().size;
  if (room == 0) {
    fuse_getxattr_out out{};
    out.size = static_cast<std::uint32_t>(value.size());
    return answer_with(message.unique, out);
  }
  if (value.size() > room) return answer(message.unique, ERANGE);
  answer(message.unique, 0, {iovec{const_cast<char*>(value.data()), value.size()}});
}

void FuseSession::get_xattr(const Message& message, const FileId& file) {
  const auto value = environment_.volume.attribute_value(file, message.text(sizeof(fuse_getxattr_in)));
  if (!value.ok()) return answer(message.unique, value.error);
  answer_xattr(message, value.value);
}

void FuseSession::list_xattr(const Message& message, const FileId& file) {
  const auto names = environment_.volume.attribute_names(file);
  if (!names.ok()) return answer(message.unique, names.error);
  std::string list;
  for (const std::string& name : names.value) list += name + '\0';
  answer_xattr(message, list);
}

void FuseSession::seek(const Message& message, const FileId& file) {
  const auto& in = message.argument<fuse_lseek_in>();
  const auto object = environment_.volume.open(file);
  if (!object.ok()) return answer(message.unique, object.error);
  const off_t position = ::lseek(object.value->fd(), static_cast<off_t>(in.offset), static_cast<int>(in.whence));
  if (position < 0) return answer(message.unique, errno);
  fuse_lseek_out out{};
  out.offset = static_cast<std::uint64_t>(position);
  answer_with(message.unique, out);
}

void FuseSession::statistics(const Message& message) {
  const auto space = environment_.volume.space();
  if (!space.ok()) return answer(message.unique, space.error);
  fuse_statfs_out out{};
  out.st.blocks = space.value.f_blocks;
  out.st.bfree = space.value.f_bfree;
  out.st.bavail = space.value.f_bavail;
  out.st.files = space.value.f_files;
  out.st.ffree = space.value.f_ffree;
  out.st.bsize = static_cast<std::uint32_t>(space.value.f_bsize);
  out.st.namelen = static_cast<std::uint32_t>(space.value.f_namemax);
  out.st.frsize = static_cast<std::uint32_t>(space.value.f_frsize);
  answer_with(message.unique, out);
}

}  // namespace lockstep::linux_io
