#include "prod/daemon/control_server.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace lockstep::prod {

namespace {

using boost::asio::local::stream_protocol;

/// From the connection to its request; an answer may take as long as the module's command takes.
constexpr std::chrono::seconds request_time_max{5};
constexpr std::chrono::milliseconds pause_after_error{100};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(stream_protocol::socket socket, ControlServer::Handle handle, std::function<void()> ended)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        handle_(std::move(handle)),
        ended_(std::move(ended)) {}
  ~Session() { ended_(); }

  void start() {
    ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
    timer_.expires_after(request_time_max);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      boost::system::error_code ignored;
      self->socket_.close(ignored);
    });
    boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(line_, control_request_bytes_max), '\n',
                                  [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                                    self->timer_.cancel();
                                    if (!error) self->on_request();
                                  });
  }

 private:
  void on_request() {
    const auto request = decode_request(line_.substr(0, line_.find('\n')));
    if (!request) {
      respond({Outcome::refused, "not a request: the command line tool and the daemon may differ in version", {}});
      return;
    }
    handle_(*request, [self = shared_from_this()](ControlAnswer answer) {
      boost::asio::post(self->socket_.get_executor(), [self, answer = std::move(answer)] { self->respond(answer); });
    });
  }

  void respond(const ControlAnswer& answer) {
    line_ = encode(answer) + "\n";
    boost::asio::async_write(socket_, boost::asio::buffer(line_),
                             [self = shared_from_this()](const boost::system::error_code&, std::size_t) {});
  }

  stream_protocol::socket socket_;
  boost::asio::steady_timer timer_;
  const ControlServer::Handle handle_;
  const std::function<void()> ended_;
  std::string line_;
};

}  // namespace

class ControlServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& context, Handle handle)
      : context_(context), acceptor_(context), timer_(context), handle_(std::move(handle)) {}

  std::string listen(const std::string& path) {
    ::unlink(path.c_str());  // the caller holds the journals' locks: no other daemon uses it
    boost::system::error_code error;
    const stream_protocol::endpoint endpoint(path);
    acceptor_.open(endpoint.protocol(), error);
    const mode_t mask = ::umask(0177);
    if (!error) acceptor_.bind(endpoint, error);
    ::umask(mask);
    if (!error) acceptor_.listen(stream_protocol::acceptor::max_listen_connections, error);
    if (error) return "cannot listen at " + path + ": " + error.message();
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    path_ = path;
    accept();
    return {};
  }

  void stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    if (!path_.empty()) ::unlink(path_.c_str());
  }

 private:
  void accept() {
    if (sessions_ >= connections_max) {
      accepting_ = false;  // the end of a session goes on
      return;
    }
    accepting_ = true;
    acceptor_.async_accept(
        [self = shared_from_this()](const boost::system::error_code& error, stream_protocol::socket socket) {
          if (self->stopped_) return;
          if (error) {
            self->timer_.expires_after(pause_after_error);
            self->timer_.async_wait([self](const boost::system::error_code& cancelled) {
              if (!cancelled && !self->stopped_) self->accept();
            });
            return;
          }
          ++self->sessions_;
          std::make_shared<Session>(std::move(socket), self->handle_, [weak = std::weak_ptr(self)] {
            const auto impl = weak.lock();
            if (impl && !impl->stopped_) boost::asio::post(impl->context_, [impl] { impl->session_ended(); });
          })->start();
          self->accept();
        });
  }

  void session_ended() {
    --sessions_;
    if (!accepting_ && !stopped_) accept();
  }

  boost::asio::io_context& context_;
  stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  const Handle handle_;
  std::string path_;
  std::size_t sessions_ = 0;
  bool accepting_ = false;
  bool stopped_ = false;
};

ControlServer::ControlServer(boost::asio::io_context& context, Handle handle)
    : impl_(std::make_shared<Impl>(context, std::move(handle))) {}

ControlServer::~ControlServer() { impl_->stop(); }

std::string ControlServer::listen(const std::string& path) { return impl_->listen(path); }

}  // namespace lockstep::prod
