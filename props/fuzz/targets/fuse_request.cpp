// Requests of the kernel, and libfuse's replies, as far as they are looked at beside libfuse.
#include "engine/values/check.h"
#include "io/linux/fuse_raw.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <cstring>
#include <linux/fuse.h>
#include <string>

namespace lockstep::fuzz {

namespace {

enum class Part : std::uint8_t { request, extended_request, session_reply, open_reply };

bool accepts_request(std::span<std::byte> received, bool extended) {
  const linux_io::FuseRawRequest request = linux_io::read_raw_request(received, extended);
  if (request.message.empty()) return false;
  LOCKSTEP_CHECK(request.message.data() >= received.data() &&
                     request.message.data() + request.message.size() == received.data() + received.size(),
                 "what libfuse is given is the end of what was received");
  fuse_in_header header{};
  LOCKSTEP_CHECK(request.message.size() >= sizeof header, "it has a header");
  std::memcpy(&header, request.message.data(), sizeof header);
  LOCKSTEP_CHECK(header.unique == request.unique, "it is the same request");
  // The kernel's own messages say how long they are; what is taken out of one is taken from that.
  const std::size_t removed = received.size() - request.message.size();
  return removed == 0 || header.len == request.message.size();
}

bool accepts_session_reply(std::span<std::byte> body, std::uint32_t offered) {
  fuse_init_out before{};
  const bool whole = body.size() >= sizeof before;
  if (whole) std::memcpy(&before, body.data(), sizeof before);
  const bool extended = linux_io::extend_session_reply({body.data(), body.size()}, offered);
  if (!whole) {
    LOCKSTEP_CHECK(!extended, "nothing is agreed in a reply that is cut short");
    return false;
  }
  fuse_init_out after{};
  std::memcpy(&after, body.data(), sizeof after);
  LOCKSTEP_CHECK((after.flags & ~(before.flags | offered)) == 0, "only what is offered is agreed to");
  return true;
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto part = static_cast<Part>(parts.number8());
  const std::uint32_t offered = parts.number32();
  const Buffer rest = parts.rest();
  std::vector<std::byte> bytes(rest.bytes().begin(), rest.bytes().end());
  switch (part) {
    case Part::request: return accepts_request(bytes, false);
    case Part::extended_request: return accepts_request(bytes, true);
    case Part::session_reply: return accepts_session_reply(bytes, offered);
    case Part::open_reply: linux_io::extend_open_reply({bytes.data(), bytes.size()}); return true;
  }
  return false;
}

Buffer seed(Part part, const std::string& bytes) {
  return Buffer::copy_of(std::string{static_cast<char>(part), '\xFF', '\xFF', '\xFF', '\xFF'} + bytes);
}

template <typename Arguments>
std::string bytes_of(const Arguments& arguments) {
  return {reinterpret_cast<const char*>(&arguments), sizeof arguments};
}

template <typename Arguments>
Buffer request(Part part, std::uint32_t opcode, const Arguments& arguments, const std::string& rest = {}) {
  fuse_in_header header{};
  header.len = static_cast<std::uint32_t>(sizeof header + sizeof arguments + rest.size());
  header.opcode = opcode;
  header.unique = 42;
  return seed(part, bytes_of(header) + bytes_of(arguments) + rest);
}

std::vector<Buffer> seeds() {
  fuse_write_in write{};
  write.write_flags = FUSE_WRITE_KILL_SUIDGID;
  fuse_setxattr_in set_xattr{};
  set_xattr.size = 5;
  set_xattr.setxattr_flags = FUSE_SETXATTR_ACL_KILL_SGID;
  const std::string name_and_value("user.a\0value", 12);
  std::vector<Buffer> all{seed(Part::session_reply, bytes_of(fuse_init_out{})),
                          seed(Part::open_reply, bytes_of(fuse_entry_out{}) + bytes_of(fuse_open_out{}))};
  for (const Part part : {Part::request, Part::extended_request}) {
    all.push_back(request(part, FUSE_INIT, fuse_init_in{}));
    all.push_back(request(part, FUSE_WRITE, write, "contents"));
    all.push_back(request(part, FUSE_SETATTR, fuse_setattr_in{}));
    all.push_back(request(part, FUSE_SETXATTR, set_xattr, name_and_value));
    all.push_back(request(part, FUSE_READ, fuse_read_in{}));
  }
  return all;
}

}  // namespace

const Target fuse_request{"fuse_request", accepts, seeds, 256, 40'000};

}  // namespace lockstep::fuzz
