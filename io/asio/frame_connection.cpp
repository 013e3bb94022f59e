#include "io/asio/frame_connection.h"

#include "engine/values/check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/buffer.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

constexpr std::size_t prefix_bytes = 4;
/// Less room than this at the end of a block is not worth a system call.
constexpr std::size_t read_bytes_min = 4096;
/// Pieces of one writev; a frame is up to three.
constexpr std::size_t pieces_max = 384;

std::array<std::byte, prefix_bytes> encode_length(std::size_t length) {
  std::array<std::byte, prefix_bytes> bytes{};
  for (std::size_t i = 0; i < prefix_bytes; ++i) bytes[i] = static_cast<std::byte>(length >> (8 * i));
  return bytes;
}

std::size_t decode_length(const std::byte* bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < prefix_bytes; ++i) length |= std::to_integer<std::size_t>(bytes[i]) << (8 * i);
  return length;
}

std::string describe_remote(const tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "(gone)";
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

void prepare_socket(tcp::socket& socket) {
  boost::system::error_code ignored;  // a socket that breaks here shows it at the first read
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

FrameConnection::FrameConnection(tcp::socket socket, std::shared_ptr<ReceivePool> pool, std::size_t frame_limit)
    : socket_(std::move(socket)), pool_(std::move(pool)), frame_limit_(frame_limit), remote_(describe_remote(socket_)) {
  prepare_socket(socket_);
}

void FrameConnection::set_silence_limit(Duration limit) {
  const auto milliseconds_count = static_cast<unsigned>(limit.ns / 1'000'000);
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds_count, sizeof milliseconds_count);
}

void FrameConnection::start() { read(); }

void FrameConnection::read() {
  make_room();
  socket_.async_read_some(
      boost::asio::buffer(block_.memory.get() + filled_, block_.size - filled_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
        if (self->closed_) return;
        if (error) {
          self->fail(error == boost::asio::error::eof ? "closed by the other end" : error.message());
          return;
        }
        self->filled_ += bytes;
        if (self->take_frames()) self->read();
      });
}

void FrameConnection::make_room() {
  const std::size_t partial = filled_ - taken_;
  std::size_t needed = std::max(prefix_bytes, read_bytes_min);
  if (partial >= prefix_bytes) needed = prefix_bytes + decode_length(block_.memory.get() + taken_);
  if (block_.memory != nullptr && block_.size - taken_ >= needed) return;
  // What is left of the block is too short for the frame that has begun: only that beginning is copied.
  ReceivePool::Block fresh = pool_->take(needed);
  if (partial > 0) std::memcpy(fresh.memory.get(), block_.memory.get() + taken_, partial);
  block_ = std::move(fresh);
  taken_ = 0;
  filled_ = partial;
}

bool FrameConnection::take_frames() {
  while (filled_ - taken_ >= prefix_bytes) {
    const std::byte* start = block_.memory.get() + taken_;
    const std::size_t length = decode_length(start);
    if (length > frame_limit_) {
      fail("a frame of " + std::to_string(length) + " bytes arrived, the limit is " + std::to_string(frame_limit_));
      return false;
    }
    if (filled_ - taken_ - prefix_bytes < length) return true;
    taken_ += prefix_bytes + length;
    if (listener_ != nullptr) listener_->on_frame(*this, Buffer(block_.memory, start + prefix_bytes, length));
    if (closed_) return false;
  }
  return true;
}

void FrameConnection::send(Frame frame) {
  if (closed_) return;
  const std::size_t length = frame.head.size() + frame.body.size();
  LOCKSTEP_CHECK(length <= frame_bytes_max, "no frame is larger than what the other end accepts");
  outgoing_bytes_ += prefix_bytes + length;
  if (outgoing_bytes_ > output_bytes_max) {
    fail("more than " + std::to_string(output_bytes_max >> 20U) + " MiB wait to be sent: the other end does not read");
    return;
  }
  outgoing_.push_back({encode_length(length), std::move(frame)});
}

void FrameConnection::flush() {
  if (!closed_ && !waiting_to_write_ && !outgoing_.empty()) write();
}

void FrameConnection::write() {
  std::array<iovec, pieces_max> pieces;
  while (!outgoing_.empty()) {
    std::size_t count = 0;
    std::size_t skip = front_written_;
    const auto add = [&](const std::byte* data, std::size_t size) {
      if (skip >= size) {
        skip -= size;
        return;
      }
      pieces[count++] = {const_cast<std::byte*>(data) + skip, size - skip};
      skip = 0;
    };
    for (const Outgoing& out : outgoing_) {
      if (count + 3 > pieces_max) break;
      add(out.prefix.data(), out.prefix.size());
      add(out.frame.head.data(), out.frame.head.size());
      add(out.frame.body.data(), out.frame.body.size());
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t written = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written >= 0) {
      consume(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      waiting_to_write_ = true;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        if (error || self->closed_) return;
        self->waiting_to_write_ = false;
        self->flush();
      });
      return;
    } else if (errno != EINTR) {
      fail(std::strerror(errno));
      return;
    }
  }
}

void FrameConnection::consume(std::size_t bytes) {
  outgoing_bytes_ -= bytes;
  bytes += front_written_;
  while (!outgoing_.empty() && bytes >= outgoing_.front().size()) {
    bytes -= outgoing_.front().size();
    outgoing_.pop_front();
  }
  front_written_ = bytes;
}

void FrameConnection::close() {
  if (closed_) return;
  closed_ = true;
  listener_ = nullptr;
  outgoing_.clear();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void FrameConnection::fail(const std::string& reason) {
  Listener* listener = listener_;
  close();
  if (listener != nullptr) listener->on_closed(*this, reason);
}

}  // namespace lockstep::io
