#include "io/tls/socket_bio.h"

#include "engine/values/check.h"
#include "io/tls/openssl.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace lockstep::tls {

namespace {

SocketBio& owner(BIO* bio) { return *static_cast<SocketBio*>(BIO_get_data(bio)); }

int read_through(BIO* bio, char* out, int size) { return owner(bio).read(bio, out, static_cast<std::size_t>(size)); }

int write_through(BIO* bio, const char* data, int size) {
  return owner(bio).write(bio, data, static_cast<std::size_t>(size));
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return owner(bio).ended ? 1 : 0;
    default: return 0;
  }
}

/// Never freed: connections may outlive whatever ends first when the process does.
const BIO_METHOD* method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket of a link");
    LOCKSTEP_CHECK(fresh != nullptr && BIO_meth_set_read(fresh, read_through) == 1 &&
                       BIO_meth_set_write(fresh, write_through) == 1 && BIO_meth_set_ctrl(fresh, control) == 1,
                   "OpenSSL takes a kind of BIO");
    return fresh;
  }();
  return made;
}

}  // namespace

BIO* SocketBio::make() {
  BIO* bio = BIO_new(method());
  LOCKSTEP_CHECK(bio != nullptr, "OpenSSL makes a BIO");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

int SocketBio::read(BIO* bio, char* out, std::size_t size) {
  BIO_clear_retry_flags(bio);
  if (begin_ < end_) {
    const std::size_t taken = std::min(size, end_ - begin_);
    std::memcpy(out, ahead_.data() + begin_, taken);
    begin_ += taken;
    return static_cast<int>(taken);
  }
  if (drained) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::array<iovec, 2> pieces = {{{out, size}, {ahead_.data(), ahead_.size()}}};
  ssize_t got = 0;
  do {
    got = ::readv(socket_, pieces.data(), static_cast<int>(pieces.size()));
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    drained = bytes < size + ahead_.size();
    begin_ = 0;
    end_ = bytes > size ? bytes - size : 0;
    return static_cast<int>(std::min(bytes, size));
  }
  if (got == 0) {
    ended = true;
    return 0;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    drained = true;
    BIO_set_retry_read(bio);
  } else {
    error = errno;
  }
  return -1;
}

ssize_t SocketBio::send(const char* data, std::size_t size) const {
  ssize_t sent = 0;
  do {
    sent = ::send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

bool SocketBio::send_held() {
  while (holds()) {
    const ssize_t sent = send(held_.data() + held_begin_, held_end_ - held_begin_);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) error = errno;
      return false;
    }
    held_begin_ += static_cast<std::size_t>(sent);
  }
  held_begin_ = 0;
  held_end_ = 0;
  return true;
}

int SocketBio::write(BIO* bio, const char* data, std::size_t size) {
  BIO_clear_retry_flags(bio);
  if (holds() || more_follows) {
    if (size > held_.size() - held_end_ && !send_held()) {
      if (error == 0) BIO_set_retry_write(bio);
      return -1;
    }
    const std::size_t taken = std::min(size, held_.size() - held_end_);
    std::memcpy(held_.data() + held_end_, data, taken);
    held_end_ += taken;
    // What the socket does not take now is the caller's to send later; a failure shows with that.
    if (!more_follows) send_held();
    return static_cast<int>(taken);
  }
  const ssize_t sent = send(data, size);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    BIO_set_retry_write(bio);
  } else {
    error = errno;
  }
  return -1;
}

}  // namespace lockstep::tls
