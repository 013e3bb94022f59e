#include "io/linux/fuse_session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/fuse.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

namespace lockstep::linux_io {
namespace {

/// The kernel asks for room for the largest write and its headers.
constexpr std::size_t receive_bytes = fuse_write_bytes_max + 4096;
constexpr std::uint16_t background_max = 64;
constexpr std::uint32_t page_bytes = 4096;

/// - HANDLE_KILLPRIV_V2: who writes ends set-user-ID bits and capabilities here, not by requests of the kernel.
/// - DONT_MASK with POSIX_ACL: the umask counts only where no default ACL does.
/// - EXPLICIT_INVAL_DATA: the page cache stays valid whatever times change.
/// - ATOMIC_O_TRUNC, WRITEBACK_CACHE and AUTO_INVAL_DATA stay off: O_TRUNC comes as its own request, writes come
///   when they are made and in their order.
constexpr std::uint32_t wanted_flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_DO_READDIRPLUS |
                                       FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL |
                                       FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS | FUSE_EXPLICIT_INVAL_DATA |
                                       FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT;

}  // namespace

FuseSession::FuseSession(const FuseEnvironment& environment, Descriptor device, std::uint64_t& last_request,
                         Callbacks callbacks)
    : environment_(environment),
      device_(environment.loop, device.release()),
      last_request_(last_request),
      callbacks_(std::move(callbacks)),
      read_buffer_(fuse_write_bytes_max) {}

FuseSession::~FuseSession() { end(); }

void FuseSession::start() { wait(); }

void FuseSession::wait() {
  device_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [weak = weak_from_this()](const boost::system::error_code& error) {
                       const auto self = weak.lock();
                       if (self && !error) self->take_turn();
                     });
}

void FuseSession::take_turn() {
  for (int i = 0; i < fuse_requests_per_turn_max; ++i) {
    const Taken taken = take();
    if (taken == Taken::ended) return;
    if (taken == Taken::nothing) break;
  }
  wait();  // arms again, so that what is left is noticed after the loop's other work
}

bool FuseSession::poll() {
  const auto self = shared_from_this();
  return !ended_ && take() == Taken::message;
}

FuseSession::Taken FuseSession::take() {
  if (ended_) return Taken::ended;
  if (!receive_buffer_) receive_buffer_ = std::make_shared_for_overwrite<std::byte[]>(receive_bytes);
  const ssize_t count = ::read(device_.native_handle(), receive_buffer_.get(), receive_bytes);
  if (count < 0) {
    const int error = errno;
    // ENOENT: the caller was killed before we saw its request.
    if (error == EINTR || error == ENOENT) return Taken::message;
    if (error == EAGAIN) return Taken::nothing;
    lose(std::strerror(error));
    return Taken::ended;
  }
  if (static_cast<std::size_t>(count) < sizeof(fuse_in_header)) {
    lose("a message of the kernel is too short");
    return Taken::ended;
  }
  const auto& header = *reinterpret_cast<const fuse_in_header*>(receive_buffer_.get());
  dispatch({header.opcode, header.unique, header.nodeid, header.uid, header.gid,
            receive_buffer_.get() + sizeof(fuse_in_header), static_cast<std::size_t>(count) - sizeof(fuse_in_header)});
  return ended_ ? Taken::ended : Taken::message;
}

void FuseSession::lose(const std::string& why) {
  const auto self = shared_from_this();
  end();
  if (callbacks_.lost) callbacks_.lost(why);
}

void FuseSession::end() {
  if (ended_) return;
  ended_ = true;
  boost::system::error_code ignored;
  device_.close(ignored);
  pending_.clear();
  listings_.clear();
  nodes_.for_each_open([&](const FileId& id) { environment_.volume.unpin(id); });
}

std::string FuseSession::Message::text(std::size_t skip) const {
  if (skip >= size) return {};
  const char* begin = reinterpret_cast<const char*>(body) + skip;
  return {begin, ::strnlen(begin, size - skip)};
}

void FuseSession::dispatch(const Message& message) {
  switch (message.opcode) {
    case FUSE_INIT: return initialise(message);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET: return forget(message);
    case FUSE_DESTROY: return answer(message.unique, 0);
    case FUSE_STATFS: return statistics(message);
    default: break;
  }
  const FileId file = nodes_.id_of(message.node);
  const bool nameless = message.opcode == FUSE_INTERRUPT;
  if (file == FileId::none() && !nameless) return answer(message.unique, ESTALE);
  if (dispatch_change(message, file) || dispatch_read(message, file)) return;
  // The kernel remembers this answer and does without (flush, interrupt, ioctl, poll, copy_file_range, tmpfile, ...).
  answer(message.unique, ENOSYS);
}

void FuseSession::initialise(const Message& message) {
  const auto& in = message.argument<fuse_init_in>();
  constexpr std::uint32_t minor_needed = 33;  // extended setxattr
  if (in.major != FUSE_KERNEL_VERSION || in.minor < minor_needed) {
    answer(message.unique, EPROTO);
    return lose("the kernel's FUSE protocol is too old: " + std::to_string(in.major) + "." + std::to_string(in.minor));
  }
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = FUSE_KERNEL_MINOR_VERSION;
  out.max_readahead = in.max_readahead;
  out.flags = in.flags & wanted_flags;
  out.max_background = background_max;
  out.congestion_threshold = background_max * 3 / 4;
  out.max_write = fuse_write_bytes_max;
  out.time_gran = 1;
  out.max_pages = static_cast<std::uint16_t>(fuse_write_bytes_max / page_bytes);
  extended_set_xattr_ = (out.flags & FUSE_SETXATTR_EXT) != 0;
  answer_with(message.unique, out);
  if (callbacks_.ready) callbacks_.ready();
}

void FuseSession::forget(const Message& message) {
  if (message.opcode == FUSE_FORGET) {
    nodes_.forget(message.node, message.argument<fuse_forget_in>().nlookup);
    return;
  }
  const auto& batch = message.argument<fuse_batch_forget_in>();
  const auto* one = reinterpret_cast<const fuse_forget_one*>(message.body + sizeof batch);
  for (std::uint32_t i = 0; i < batch.count; ++i) nodes_.forget(one[i].nodeid, one[i].nlookup);
}

void FuseSession::answer(std::uint64_t unique, int error, std::initializer_list<iovec> parts) {
  if (ended_) return;
  constexpr std::size_t parts_max = 4;
  fuse_out_header header{sizeof(fuse_out_header), -error, unique};
  std::array<iovec, parts_max> message{};
  message[0] = {&header, sizeof header};
  std::size_t count = 1;
  for (const iovec& part : parts) {
    header.len += static_cast<std::uint32_t>(part.iov_len);
    message.at(count++) = part;
  }
  // Fails only for a caller that is gone (ENOENT) or a connection that is (ENODEV), which the next read reports.
  const ssize_t written = ::writev(device_.native_handle(), message.data(), static_cast<int>(count));
  if (written < 0 && error == 0 && errno != ENOENT && errno != ENODEV) answer(unique, EIO);
}

void FuseSession::refresh_privileges(const FileId& id) {
  const std::uint64_t node = nodes_.take_privileged(id);
  if (node == 0) return;
  fuse_notify_inval_inode_out notice{};
  notice.ino = node;
  notice.off = -1;  // attributes only, the pages stay
  fuse_out_header header{sizeof header + sizeof notice, FUSE_NOTIFY_INVAL_INODE, 0};
  const std::array<iovec, 2> message{iovec{&header, sizeof header}, iovec{&notice, sizeof notice}};
  const ssize_t written = ::writev(device_.native_handle(), message.data(), static_cast<int>(message.size()));
  static_cast<void>(written);  // fails only if the kernel has forgotten the object, and its mode with it
}

fuse_attr FuseSession::describe_attributes(const FileId& id, const struct stat& status) {
  nodes_.told_mode(id, status.st_mode);
  fuse_attr attributes{};
  attributes.ino = status.st_ino;
  attributes.size = static_cast<std::uint64_t>(status.st_size);
  attributes.blocks = static_cast<std::uint64_t>(status.st_blocks);
  attributes.atime = static_cast<std::uint64_t>(status.st_atim.tv_sec);
  attributes.mtime = static_cast<std::uint64_t>(status.st_mtim.tv_sec);
  attributes.ctime = static_cast<std::uint64_t>(status.st_ctim.tv_sec);
  attributes.atimensec = static_cast<std::uint32_t>(status.st_atim.tv_nsec);
  attributes.mtimensec = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
  attributes.ctimensec = static_cast<std::uint32_t>(status.st_ctim.tv_nsec);
  attributes.mode = status.st_mode;
  attributes.nlink = static_cast<std::uint32_t>(status.st_nlink);
  // The staging directory is not to be seen, so it is not to be counted.
  if (id == FileId::root() && attributes.nlink > 2) --attributes.nlink;
  attributes.uid = status.st_uid;
  attributes.gid = status.st_gid;
  attributes.rdev = static_cast<std::uint32_t>(status.st_rdev);
  attributes.blksize = static_cast<std::uint32_t>(status.st_blksize);
  return attributes;
}

fuse_entry_out FuseSession::describe_entry(const FileId& id, const struct stat& status) {
  fuse_entry_out entry{};
  entry.nodeid = nodes_.remember(id);
  entry.entry_valid = fuse_cache_seconds;
  entry.attr_valid = fuse_cache_seconds;
  entry.attr = describe_attributes(id, status);
  return entry;
}

void FuseSession::answer_attributes(std::uint64_t unique, const FileId& id) {
  const auto status = environment_.volume.status(id);
  if (!status.ok()) return answer(unique, status.error);
  fuse_attr_out out{};
  out.attr_valid = fuse_cache_seconds;
  out.attr = describe_attributes(id, status.value);
  answer_with(unique, out);
}

void FuseSession::answer_entry(std::uint64_t unique, const FileId& id, bool open_too) {
  const auto status = environment_.volume.status(id);
  if (!status.ok()) return answer(unique, status.error);
  if (open_too) {
    if (const int error = environment_.volume.pin(id); error != 0) return answer(unique, error);
  }
  const fuse_entry_out entry = describe_entry(id, status.value);
  if (!open_too) return answer_with(unique, entry);
  nodes_.opened(entry.nodeid);
  fuse_open_out open{};
  open.open_flags = FOPEN_KEEP_CACHE | FOPEN_PARALLEL_DIRECT_WRITES;
  answer(unique, 0, {iovec{const_cast<fuse_entry_out*>(&entry), sizeof entry}, iovec{&open, sizeof open}});
}

}  // namespace lockstep::linux_io
