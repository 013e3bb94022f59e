// What libfuse 3.14 does not know of the kernel's protocol: read from requests before libfuse sees them, and added to
// replies after libfuse has made them. All else is libfuse's.
//
// - FUSE_HANDLE_KILLPRIV_V2: who writes ends set-user-ID bits and capabilities here. Without it the kernel asks for
//   the capabilities before each write, which costs a second request.
// - FUSE_SETXATTR_EXT: the same for the set-group-ID bit when an ACL is set.
// - FUSE_PARALLEL_DIROPS: libfuse offers it, but never tells the kernel.
// - FOPEN_PARALLEL_DIRECT_WRITES: direct writes to one file at the same time.
// - FUSE_NOTIFY_RESEND: who takes up the session of a process that was killed has its requests come again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/uio.h>

namespace lockstep::linux_io {

struct FuseRawRequest {
  /// What libfuse is to be given, within the message received; empty: not a message of the kernel.
  std::span<std::byte> message;
  std::uint64_t unique = 0;  ///< what the reply has to carry
  bool resent = false;       ///< somebody has received it before
  bool begins_session = false;
  std::uint32_t offered_flags = 0;  ///< only where a session begins
  bool can_resend = false;          ///< only where a session begins
  bool ends_privileges = false;     ///< the caller may not keep set-user-ID bits of what it changes
};

/// The number of a request, whether it is resent or not.
std::uint64_t request_number(const FuseRawRequest& request);

/// `extended_set_xattr`: FUSE_SETXATTR_EXT is agreed; such requests are brought into the form that libfuse knows.
FuseRawRequest read_raw_request(std::span<std::byte> received, bool extended_set_xattr);

/// Replies begin with a header of their own.
struct FuseRawReply {
  std::uint64_t unique = 0;
  int error = 0;  ///< an errno; notifications have their code here, negative
};
FuseRawReply read_raw_reply(const iovec& header);

/// Agrees to what is offered of the above. Returns whether FUSE_SETXATTR_EXT is.
bool extend_session_reply(const iovec& body, std::uint32_t offered_flags);
/// For replies that open a file, also one just created.
void extend_open_reply(const iovec& body);
/// The reply that tells a caller only that its request failed; writes it and returns what write(2) does.
ssize_t write_failure(int device, std::uint64_t unique, int error);
/// A whole reply. Returns an errno.
int write_answer(int device, std::uint64_t unique, std::span<const std::byte> body);
/// Has every request that was received and not answered come again. Returns an errno.
int ask_to_resend(int device);

}  // namespace lockstep::linux_io
