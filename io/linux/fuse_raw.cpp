#include "io/linux/fuse_raw.h"

#include <cerrno>
#include <cstring>
#include <linux/fuse.h>
#include <unistd.h>

namespace lockstep::linux_io {
namespace {

// From Linux 6.9 on, beyond the header that this is compiled with.
constexpr std::uint64_t unique_resent = std::uint64_t{1} << 63U;  // FUSE_UNIQUE_RESEND
constexpr std::uint32_t has_resend = 1U << (39U - 32U);           // FUSE_HAS_RESEND, in flags2
constexpr int notify_resend = 7;                                  // FUSE_NOTIFY_RESEND

constexpr std::uint32_t added_session_flags = FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT | FUSE_PARALLEL_DIROPS;

/// The arguments that follow the header; zeros if the message is too short for them.
template <typename Arguments>
Arguments arguments_of(std::span<const std::byte> received) {
  Arguments arguments{};
  if (received.size() >= sizeof(fuse_in_header) + sizeof arguments) {
    std::memcpy(&arguments, received.data() + sizeof(fuse_in_header), sizeof arguments);
  }
  return arguments;
}

/// Takes the extension out, by moving what is before it towards the name and the value, which may be long.
std::span<std::byte> without_set_xattr_extension(std::span<std::byte> received, fuse_in_header header) {
  constexpr std::size_t extension = sizeof(fuse_setxattr_in) - FUSE_COMPAT_SETXATTR_IN_SIZE;
  if (received.size() < sizeof header + sizeof(fuse_setxattr_in)) return received;
  const std::span<std::byte> message = received.subspan(extension);
  std::memmove(message.data(), received.data(), sizeof header + FUSE_COMPAT_SETXATTR_IN_SIZE);
  header.len -= extension;
  std::memcpy(message.data(), &header, sizeof header);
  return message;
}

}  // namespace

std::uint64_t request_number(const FuseRawRequest& request) { return request.unique & ~unique_resent; }

FuseRawRequest read_raw_request(std::span<std::byte> received, bool extended_set_xattr) {
  FuseRawRequest request;
  fuse_in_header header{};
  if (received.size() < sizeof header) return request;
  std::memcpy(&header, received.data(), sizeof header);
  request.message = received;
  request.unique = header.unique;
  request.resent = (header.unique & unique_resent) != 0;
  switch (header.opcode) {
    case FUSE_INIT: {
      const auto offer = arguments_of<fuse_init_in>(received);
      request.begins_session = true;
      request.offered_flags = offer.flags;
      request.can_resend = (offer.flags & FUSE_INIT_EXT) != 0 && (offer.flags2 & has_resend) != 0;
      break;
    }
    case FUSE_WRITE:
      request.ends_privileges = (arguments_of<fuse_write_in>(received).write_flags & FUSE_WRITE_KILL_SUIDGID) != 0;
      break;
    case FUSE_SETATTR:
      request.ends_privileges = (arguments_of<fuse_setattr_in>(received).valid & FATTR_KILL_SUIDGID) != 0;
      break;
    case FUSE_SETXATTR:
      if (!extended_set_xattr) break;
      request.ends_privileges =
          (arguments_of<fuse_setxattr_in>(received).setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID) != 0;
      request.message = without_set_xattr_extension(received, header);
      break;
    default: break;
  }
  return request;
}

FuseRawReply read_raw_reply(const iovec& header) {
  fuse_out_header out{};
  std::memcpy(&out, header.iov_base, sizeof out);
  return {out.unique, -out.error};
}

bool extend_session_reply(const iovec& body, std::uint32_t offered_flags) {
  fuse_init_out out{};
  if (body.iov_len < sizeof out) return false;
  std::memcpy(&out, body.iov_base, sizeof out);
  out.flags |= offered_flags & added_session_flags;
  std::memcpy(body.iov_base, &out, sizeof out);
  return (out.flags & FUSE_SETXATTR_EXT) != 0;
}

void extend_open_reply(const iovec& body) {
  fuse_open_out out{};
  if (body.iov_len < sizeof out) return;
  std::byte* const end = static_cast<std::byte*>(body.iov_base) + body.iov_len;  // after the entry, if created
  std::memcpy(&out, end - sizeof out, sizeof out);
  out.open_flags |= FOPEN_PARALLEL_DIRECT_WRITES;
  std::memcpy(end - sizeof out, &out, sizeof out);
}

ssize_t write_failure(int device, std::uint64_t unique, int error) {
  const fuse_out_header header{sizeof header, -error, unique};
  return ::write(device, &header, sizeof header);
}

int write_answer(int device, std::uint64_t unique, std::span<const std::byte> body) {
  fuse_out_header header{static_cast<std::uint32_t>(sizeof header + body.size()), 0, unique};
  const iovec parts[2] = {{&header, sizeof header}, {const_cast<std::byte*>(body.data()), body.size()}};
  return ::writev(device, parts, 2) < 0 ? errno : 0;
}

int ask_to_resend(int device) {
  const fuse_out_header header{sizeof header, notify_resend, 0};
  return ::write(device, &header, sizeof header) < 0 ? errno : 0;
}

}  // namespace lockstep::linux_io
