#include "io/asio/frame_connection.h"

#include "engine/values/check.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/post.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

/// So much is received before others on the loop get their turn.
/// It is no more than the processor's cache holds until it is dealt with.
constexpr std::size_t turn_bytes_max = std::size_t{256} << 10U;
/// So much is worth a write of its own, and goes while the processor has it at hand: more of it would save nothing.
constexpr std::size_t sent_at_once_bytes = std::size_t{128} << 10U;

std::array<std::byte, frame_prefix_bytes> encode_length(std::size_t length) {
  std::array<std::byte, frame_prefix_bytes> bytes{};
  for (std::size_t i = 0; i < frame_prefix_bytes; ++i) bytes[i] = static_cast<std::byte>(length >> (8 * i));
  return bytes;
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
  // Whatever the machine's default is. BBR sends as fast as it has seen the other end take, and that stops to write to
  // its disk now and then: between two servers it is a third slower. A kernel that does not have this one keeps its
  // own.
  constexpr std::string_view congestion_control = "cubic";
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
               congestion_control.size());
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

FrameConnection::FrameConnection(tcp::socket socket, std::shared_ptr<ReceivePool> pool, std::size_t frame_limit,
                                 const tls::Context& tls, tls::End end, const std::string& server_name)
    : socket_(std::move(socket)),
      tls_(tls, end, socket_.native_handle(), server_name),
      reader_(std::move(pool), frame_limit),
      remote_(describe_remote(socket_)) {
  prepare_socket(socket_);
}

void FrameConnection::set_silence_limit(Duration limit) {
  const auto milliseconds_count = static_cast<unsigned>(limit.ns / 1'000'000);
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds_count, sizeof milliseconds_count);
}

void FrameConnection::start() {
  const auto self = shared_from_this();  // whoever started it may let go of it when it fails at once
  handshake();
}

void FrameConnection::handshake() {
  const tls::Progress progress = tls_.handshake();
  if (progress == tls::Progress::done) {
    secured_ = true;
    flush();
    if (!closed_) receive();
  } else if (progress == tls::Progress::wants_input) {
    wait_to_read();
  } else if (progress == tls::Progress::wants_output) {
    wait_to_write();
  } else {
    end(progress);
  }
}

void FrameConnection::receive() {
  for (std::size_t taken = 0; taken < turn_bytes_max;) {
    std::size_t got = 0;
    const tls::Progress progress = tls_.read(reader_.room(), got);
    if (progress == tls::Progress::done) {
      reader_.received(got);
      taken += got;
      if (!take_frames()) return;
    } else if (progress == tls::Progress::wants_input) {
      return wait_to_read();
    } else if (progress == tls::Progress::wants_output) {  // a change of keys that is due goes first
      receive_when_writable_ = true;
      if (!waiting_to_write_) wait_to_write();
      return;
    } else {
      return end(progress);
    }
  }
  go_on_receiving();
}

void FrameConnection::go_on_receiving() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!self->closed_) self->receive();
  });
}

void FrameConnection::wait_to_read() {
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_) return;
    self->tls_.readable();
    if (self->secured_) {
      self->receive();
    } else {
      self->handshake();
    }
  });
}

void FrameConnection::wait_to_write() {
  waiting_to_write_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed_) return;
    self->waiting_to_write_ = false;
    if (!self->secured_) return self->handshake();
    self->flush();
    if (!self->closed_ && std::exchange(self->receive_when_writable_, false)) self->receive();
  });
}

void FrameConnection::end(tls::Progress progress) {
  refused_ = progress == tls::Progress::refused;
  fail(tls_.reason());
}

bool FrameConnection::take_frames() {
  while (auto frame = reader_.next()) {
    if (listener_ != nullptr) listener_->on_frame(*this, std::move(*frame));
    if (closed_) return false;
  }
  if (!reader_.error().empty()) fail(reader_.error());
  return !closed_;
}

void FrameConnection::send(Frame frame) {
  if (closed_) return;
  const std::size_t length = frame.head.size() + frame.body.size();
  LOCKSTEP_CHECK(length <= frame_bytes_max, "no frame is larger than what the other end accepts");
  outgoing_bytes_ += frame_prefix_bytes + length;
  if (outgoing_bytes_ > output_bytes_max) {
    fail("more than " + std::to_string(output_bytes_max >> 20U) + " MiB wait to be sent: the other end does not read");
    return;
  }
  outgoing_.push_back({encode_length(length), std::move(frame)});
  if (outgoing_bytes_ >= sent_at_once_bytes) flush();
}

void FrameConnection::flush() {
  if (secured_ && !closed_ && !waiting_to_write_ && (!outgoing_.empty() || tls_.holds())) write();
}

void FrameConnection::write() {
  tls::Progress progress = tls_.send_held();
  while (progress == tls::Progress::done && !outgoing_.empty()) {
    if (record_.empty()) record_ = next_record();
    progress = tls_.write(record_, outgoing_bytes_ > record_.size());
    if (progress == tls::Progress::done) consume(std::exchange(record_, {}).size());
  }
  if (progress == tls::Progress::done) progress = tls_.send_held();
  if (progress == tls::Progress::wants_output) {
    wait_to_write();
  } else if (progress != tls::Progress::done) {
    end(progress);
  }
}

/// A record of its own for what fills one: encrypted where it lies. Smaller pieces share one.
std::span<const std::byte> FrameConnection::next_record() {
  std::size_t skip = front_written_;
  std::size_t gathered = 0;
  for (const Outgoing& out : outgoing_) {
    const FrameHead& head = out.frame.head;
    const std::array<std::span<const std::byte>, 3> pieces = {
        std::span(out.prefix), std::span(head.data(), head.size()), out.frame.body.bytes()};
    for (std::span<const std::byte> piece : pieces) {
      if (skip >= piece.size()) {
        skip -= piece.size();
        continue;
      }
      piece = piece.subspan(std::exchange(skip, 0));
      if (gathered == 0 && piece.size() >= gathered_.size()) return piece.first(gathered_.size());
      piece = piece.first(std::min(piece.size(), gathered_.size() - gathered));
      std::memcpy(gathered_.data() + gathered, piece.data(), piece.size());
      gathered += piece.size();
      if (gathered == gathered_.size()) return gathered_;
    }
  }
  return std::span(gathered_).first(gathered);
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
  record_ = {};
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void FrameConnection::fail(const std::string& reason) {
  Listener* listener = listener_;
  close();
  if (listener != nullptr) listener->on_closed(*this, reason);
}

}  // namespace lockstep::io
