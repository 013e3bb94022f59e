// Takes connections in, at most so many at a time, and begins a session with each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::prod {

/// Used on the context's thread only. `Protocol`: tcp or a local stream_protocol.
template <typename Protocol>
class SessionAcceptor : public std::enable_shared_from_this<SessionAcceptor<Protocol>> {
 public:
  using Socket = typename Protocol::socket;
  /// Begins a session that calls `ended` once, when it has ended; that may be after stop().
  using Begin = std::function<void(Socket socket, std::function<void()> ended)>;

  SessionAcceptor(boost::asio::io_context& context, std::size_t sessions_max, Begin begin)
      : context_(context), acceptor_(context), timer_(context), sessions_max_(sessions_max), begin_(std::move(begin)) {}

  /// To be opened and bound by the owner before start(), where listen() is not for it.
  typename Protocol::acceptor& acceptor() { return acceptor_; }

  /// Of tcp: opens, binds and starts, or says why not. `port` 0 takes a free one.
  boost::system::error_code listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const typename Protocol::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(typename Protocol::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(Protocol::acceptor::max_listen_connections, error);
    if (!error) start();
    return error;
  }
  /// Of tcp, after listen().
  [[nodiscard]] std::uint16_t port() const {
    boost::system::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void start() {
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    accept();
  }

  void stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
  }

 private:
  static constexpr std::chrono::milliseconds pause_after_error{100};

  void accept() {
    if (sessions_ >= sessions_max_) {
      accepting_ = false;  // the end of a session goes on
      return;
    }
    accepting_ = true;
    acceptor_.async_accept([self = this->shared_from_this()](const boost::system::error_code& error, Socket socket) {
      if (self->stopped_) return;
      if (error) return self->pause();
      ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
      ++self->sessions_;
      self->begin_(std::move(socket), [weak = std::weak_ptr(self)] {
        const auto owner = weak.lock();
        if (owner && !owner->stopped_) boost::asio::post(owner->context_, [owner] { owner->session_ended(); });
      });
      self->accept();
    });
  }

  void pause() {
    timer_.expires_after(pause_after_error);
    timer_.async_wait([self = this->shared_from_this()](const boost::system::error_code& cancelled) {
      if (!cancelled && !self->stopped_) self->accept();
    });
  }

  void session_ended() {
    --sessions_;
    if (!accepting_ && !stopped_) accept();
  }

  boost::asio::io_context& context_;
  typename Protocol::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  const std::size_t sessions_max_;
  const Begin begin_;
  std::size_t sessions_ = 0;
  bool accepting_ = false;
  bool stopped_ = false;
};

}  // namespace lockstep::prod
