#include "prod/daemon/control_server.h"

#include "prod/daemon/session_acceptor.h"

#include <cerrno>
#include <chrono>
#include <cstring>
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

class ControlServer::Impl {
 public:
  Impl(boost::asio::io_context& context, Handle handle)
      : sessions_(std::make_shared<SessionAcceptor<stream_protocol>>(
            context, connections_max,
            [handle = std::move(handle)](stream_protocol::socket socket, std::function<void()> ended) {
              std::make_shared<Session>(std::move(socket), handle, std::move(ended))->start();
            })) {}

  std::string listen(const std::string& path) {
    ::unlink(path.c_str());  // the caller holds the journals' locks: no other daemon uses it
    boost::system::error_code error;
    const stream_protocol::endpoint endpoint(path);
    auto& acceptor = sessions_->acceptor();
    acceptor.open(endpoint.protocol(), error);
    const mode_t mask = ::umask(0177);
    if (!error) acceptor.bind(endpoint, error);
    ::umask(mask);
    if (!error) acceptor.listen(stream_protocol::acceptor::max_listen_connections, error);
    if (error) return "cannot listen at " + path + ": " + error.message();
    path_ = path;
    sessions_->start();
    return {};
  }

  void stop() {
    sessions_->stop();
    if (!path_.empty()) ::unlink(path_.c_str());
  }

 private:
  std::shared_ptr<SessionAcceptor<stream_protocol>> sessions_;
  std::string path_;
};

ControlServer::ControlServer(boost::asio::io_context& context, Handle handle)
    : impl_(std::make_shared<Impl>(context, std::move(handle))) {}

ControlServer::~ControlServer() { impl_->stop(); }

std::string ControlServer::listen(const std::string& path) { return impl_->listen(path); }

}  // namespace lockstep::prod
