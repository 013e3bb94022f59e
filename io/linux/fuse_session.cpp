#include "io/linux/fuse_session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <fuse_lowlevel.h>

namespace lockstep::linux_io {
namespace {

/// The kernel asks for room for the largest write and its headers.
constexpr std::size_t receive_bytes = fuse_write_bytes_max + 4096;
constexpr unsigned background_max = 64;
constexpr unsigned protocol_minor_needed = 33;  // extended setxattr

/// - DONT_MASK with POSIX_ACL: the umask counts only where no default ACL does.
/// - EXPLICIT_INVAL_DATA: the page cache stays valid whatever times change.
/// - ATOMIC_O_TRUNC, WRITEBACK_CACHE and AUTO_INVAL_DATA stay off: O_TRUNC comes as its own request, writes come
///   when they are made and in their order.
/// libfuse adds large writes by itself, and fuse_raw.h what it does not know.
constexpr unsigned wanted_capabilities = FUSE_CAP_ASYNC_READ | FUSE_CAP_DONT_MASK | FUSE_CAP_READDIRPLUS |
                                         FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS |
                                         FUSE_CAP_POSIX_ACL | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_EXPLICIT_INVAL_DATA;

}  // namespace

/// What is missing here (flush, ioctl, poll, copy_file_range, ...) libfuse answers with ENOSYS; the kernel remembers
/// that and does without.
struct FuseSession::Operations {
  static FuseSession& session_of(fuse_req_t request) { return *static_cast<FuseSession*>(fuse_req_userdata(request)); }

  /// Calls `method` with the object in place of the number under which the kernel knows it.
  template <auto method, typename... Arguments>
  static void on_object(fuse_req_t request, fuse_ino_t node, Arguments... arguments) {
    FuseSession& session = session_of(request);
    const FileId file = session.nodes_.id_of(node);
    if (file == FileId::none()) {
      fuse_reply_err(request, ESTALE);
      return;
    }
    (session.*method)(request, file, arguments...);
  }

  static void make_symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
    on_object<&FuseSession::make_symlink>(request, parent, name, target);
  }
  static void statistics(fuse_req_t request, fuse_ino_t /*any*/) { session_of(request).statistics(request); }
  static void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t lookups) {
    session_of(request).forget(node, lookups);
    fuse_reply_none(request);
  }
  static void forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* nodes) {
    for (std::size_t i = 0; i < count; ++i) session_of(request).forget(nodes[i].ino, nodes[i].nlookup);
    fuse_reply_none(request);
  }
  static void begin(void* session, fuse_conn_info* connection) {
    static_cast<FuseSession*>(session)->negotiate(*connection);
  }

  static const fuse_lowlevel_ops& table() {
    static const fuse_lowlevel_ops operations = [] {
      fuse_lowlevel_ops table{};
      table.init = begin;
      table.lookup = on_object<&FuseSession::look_up>;
      table.forget = forget;
      table.forget_multi = forget_many;
      table.getattr = on_object<&FuseSession::get_attributes>;
      table.setattr = on_object<&FuseSession::set_attributes>;
      table.access = on_object<&FuseSession::check_access>;
      table.readlink = on_object<&FuseSession::read_link>;
      table.mknod = on_object<&FuseSession::make_node>;
      table.mkdir = on_object<&FuseSession::make_directory>;
      table.symlink = make_symlink;
      table.link = on_object<&FuseSession::link>;
      table.unlink = on_object<&FuseSession::unlink>;
      table.rmdir = on_object<&FuseSession::remove_directory>;
      table.rename = on_object<&FuseSession::rename>;
      table.create = on_object<&FuseSession::create>;
      table.open = on_object<&FuseSession::open_file>;
      table.release = on_object<&FuseSession::release_file>;
      table.read = on_object<&FuseSession::read>;
      table.write = on_object<&FuseSession::write>;
      table.fallocate = on_object<&FuseSession::allocate>;
      table.lseek = on_object<&FuseSession::seek>;
      table.fsync = on_object<&FuseSession::sync>;
      table.opendir = on_object<&FuseSession::open_directory>;
      table.releasedir = on_object<&FuseSession::release_directory>;
      table.readdir = on_object<&FuseSession::list>;
      table.readdirplus = on_object<&FuseSession::list_with_attributes>;
      table.fsyncdir = on_object<&FuseSession::sync>;
      table.setxattr = on_object<&FuseSession::set_xattr>;
      table.getxattr = on_object<&FuseSession::get_xattr>;
      table.listxattr = on_object<&FuseSession::list_xattr>;
      table.removexattr = on_object<&FuseSession::remove_xattr>;
      table.statfs = statistics;
      return table;
    }();
    return operations;
  }
};

void FuseSession::Closer::operator()(::fuse_session* session) const { fuse_session_destroy(session); }

std::string FuseKeeping::file_name(const FileId& id) const {
  std::array<char, 33> digits{};
  std::snprintf(digits.data(), digits.size(), "%016" PRIx64 "%016" PRIx64, id.high, id.low);
  return module + ".file." + digits.data();
}

FuseSession::FuseSession(const FuseEnvironment& environment, Descriptor device, FuseState state, FuseKeeping keeping,
                         std::uint64_t& last_request, Callbacks callbacks)
    : environment_(environment),
      device_(environment.loop, device.release()),
      last_request_(last_request),
      callbacks_(std::move(callbacks)),
      state_(std::move(state)),
      keeping_(std::move(keeping)),
      nodes_(state_),
      read_buffer_(std::make_unique_for_overwrite<char[]>(fuse_write_bytes_max)) {
  std::array<char, sizeof "lockstep"> name{"lockstep"};
  std::array<char*, 2> arguments{name.data(), nullptr};
  fuse_args parsed{1, arguments.data(), 0};
  session_.reset(fuse_session_new(&parsed, &Operations::table(), sizeof(fuse_lowlevel_ops), this));
  fuse_opt_free_args(&parsed);
  fuse_custom_io io{};
  io.writev = [](int, iovec* parts, int count, void* session) {
    return static_cast<FuseSession*>(session)->send(parts, count);
  };
  // libfuse insists on it, but take() reads.
  io.read = [](int fd, void* into, std::size_t size, void*) { return ::read(fd, into, size); };
  if (session_ && fuse_session_custom_io(session_.get(), &io, device_.native_handle()) != 0) session_.reset();
}

FuseSession::~FuseSession() { end(); }

void FuseSession::start() {
  if (!session_) return lose("libfuse cannot begin a session");
  environment_.volume.on_last_name(this);
  wait();
}

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
  if (!receive_buffer_) allot_receive_buffer();
  const ssize_t count = ::read(device_.native_handle(), receive_buffer_.get(), receive_bytes);
  if (count < 0) {
    const int error = errno;
    // ENOENT: the caller was killed before we saw its request.
    if (error == EINTR || error == ENOENT) return Taken::message;
    if (error == EAGAIN) return Taken::nothing;
    lose(std::strerror(error));
    return Taken::ended;
  }
  current_ = read_raw_request({receive_buffer_.get(), static_cast<std::size_t>(count)}, extended_set_xattr_);
  if (current_.message.empty()) {
    lose("a message of the kernel is too short");
    return Taken::ended;
  }
  if (current_.begins_session && agreed_) {
    answer_first_message_again();
    return Taken::message;
  }
  process();
  return ended_ ? Taken::ended : Taken::message;
}

void FuseSession::allot_receive_buffer() {
  receive_buffer_ = std::make_shared_for_overwrite<std::byte[]>(receive_bytes);
  if (keeping_.keeper == nullptr) return;
  // The kernel gives up on a request, and its caller gets an error, if this process is killed while it waits for a page
  // to receive the request in. A page that is there is not waited for.
  constexpr std::size_t page = 4096;
  const std::size_t before = reinterpret_cast<std::uintptr_t>(receive_buffer_.get()) % page;
  ::madvise(receive_buffer_.get() - before, before + receive_bytes, MADV_POPULATE_WRITE);
}

/// An earlier life was killed before it could.
void FuseSession::answer_first_message_again() {
  const int error = write_answer(device_.native_handle(), current_.unique, state_.answer());
  if (error != 0 && error != ENOENT) lose(std::strerror(error));
}

void FuseSession::process() {
  const auto held = receive_buffer_;  // until libfuse returns, even if the engine is done with the data before
  fuse_buf message{};
  message.mem = current_.message.data();
  message.size = current_.message.size();
  processing_ = true;
  fuse_session_process_buf(session_.get(), &message);
  processing_ = false;
  if (ended_) {
    session_.reset();
  } else if (current_.begins_session) {
    if (!agreed_) return lose("libfuse and the kernel do not agree on a protocol");
    if (callbacks_.ready) callbacks_.ready();
  }
}

void FuseSession::lose(const std::string& why) {
  const auto self = shared_from_this();
  end();
  if (callbacks_.lost) callbacks_.lost(why);
}

void FuseSession::end() {
  if (ended_) return;
  ended_ = true;
  // libfuse does not free by itself what was never answered.
  for (const auto& [id, pending] : std::exchange(pending_, {})) fuse_reply_none(pending.request);
  for (const Request request : std::exchange(reading_, {})) fuse_reply_none(request);
  listings_.clear();
  environment_.volume.on_last_name(nullptr);
  environment_.volume.on_unknown({});
  nodes_.for_each_open([&](const FileId& id, std::uint64_t opens) {
    if (!pinned_) return;
    for (std::uint64_t i = 0; i < opens; ++i) environment_.volume.unpin(id);
  });
  boost::system::error_code ignored;
  if (!session_) {
    device_.close(ignored);
    return;
  }
  device_.release();  // the session closes it
  fuse_session_exit(session_.get());
  if (!processing_) session_.reset();
}

void FuseSession::negotiate(fuse_conn_info& connection) {
  if (connection.proto_minor < protocol_minor_needed) {
    return lose("the kernel's FUSE protocol is too old: " + std::to_string(connection.proto_major) + "." +
                std::to_string(connection.proto_minor));
  }
  connection.want = connection.capable & wanted_capabilities;
  connection.max_write = fuse_write_bytes_max;
  connection.max_background = background_max;
  connection.congestion_threshold = background_max * 3 / 4;
  connection.time_gran = 1;
}

/// libfuse's way to the kernel. Returns what writev(2) does; with ENOENT libfuse keeps silent.
ssize_t FuseSession::send(iovec* parts, int count) {
  errno = ENOENT;
  if (ended_) return -1;
  const FuseRawReply reply = read_raw_reply(parts[0]);
  const bool succeeds = reply.error == 0 && reply.unique != 0;
  if (succeeds && count > 1) {
    if (current_.begins_session && reply.unique == current_.unique) {
      extended_set_xattr_ = extend_session_reply(parts[1], current_.offered_flags);
      const std::span answer(static_cast<const std::byte*>(parts[1].iov_base), parts[1].iov_len);
      agreed_ = replaying_ ? std::ranges::equal(answer, state_.answer()) : true;
      can_be_taken_up_ = current_.can_resend && (replaying_ || state_.agree(current_.message, answer));
    }
    if (opening_) extend_open_reply(parts[1]);
  }
  if (replaying_) {
    ssize_t bytes = 0;
    for (const iovec& part : std::span(parts, static_cast<std::size_t>(count)))
      bytes += static_cast<ssize_t>(part.iov_len);
    return bytes;
  }
  const ssize_t written = ::writev(device_.native_handle(), parts, count);
  // Fails only for a caller that is gone (ENOENT) or a connection that is (ENODEV), which the next read reports.
  if (written < 0) {
    if (succeeds && errno != ENOENT && errno != ENODEV) write_failure(device_.native_handle(), reply.unique, EIO);
    errno = ENOENT;
  }
  return written;
}

void FuseSession::forget(std::uint64_t node, std::uint64_t lookups) {
  const FileId kept = nodes_.forget(node, lookups);
  if (kept != FileId::none()) environment_.volume.unpin(kept);
}

}  // namespace lockstep::linux_io
