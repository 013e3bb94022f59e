#include "io/asio/acceptor.h"

#include "io/asio/repeat_filter.h"

#include <chrono>
#include <fcntl.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace lockstep::io {

namespace {

using boost::asio::ip::tcp;

/// Out of descriptors or memory: others need time to give some back.
constexpr std::chrono::milliseconds pause_after_error{100};

}  // namespace

class Acceptor::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& context, Report report, Accepted accepted)
      : warn_(std::move(report)), accepted_(std::move(accepted)), acceptor_(context), timer_(context) {}

  std::string listen(const std::string& address, std::uint16_t port) {
    const std::string where = address + ":" + std::to_string(port);
    boost::system::error_code error;
    const tcp::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error == boost::asio::error::address_in_use) {
      return "cannot listen at " + where +
             ": another program has that port: end it (\"ss -ltnp\" shows which), or set " +
             "another port on both servers";
    }
    if (error == boost::system::errc::address_not_available) {
      return "cannot listen at " + where + ": this server has no such address: correct it in cluster.toml, check " +
             "--node, or configure the address";
    }
    if (error) return "cannot listen at " + where + ": " + error.message();
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    accept();
    return {};
  }

  std::uint16_t port() const {
    boost::system::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
  }

 private:
  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
      if (self->stopped_) return;
      if (!error) {
        self->accepted_(std::move(socket));
        self->accept();
        return;
      }
      self->warn_(Severity::error, "cannot accept connections: " + error.message());
      self->timer_.expires_after(pause_after_error);
      self->timer_.async_wait([self](const boost::system::error_code& cancelled) {
        if (!cancelled && !self->stopped_) self->accept();
      });
    });
  }

  RepeatFilter warn_;
  const Accepted accepted_;
  tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
};

Acceptor::Acceptor(boost::asio::io_context& context, Report report, Accepted accepted)
    : impl_(std::make_shared<Impl>(context, std::move(report), std::move(accepted))) {}

Acceptor::~Acceptor() { impl_->stop(); }

std::string Acceptor::listen(const std::string& address, std::uint16_t port) { return impl_->listen(address, port); }

std::uint16_t Acceptor::port() const { return impl_->port(); }

}  // namespace lockstep::io
