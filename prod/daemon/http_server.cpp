#include "prod/daemon/http_server.h"

#include "prod/daemon/session_acceptor.h"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace lockstep::prod {

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(tcp::socket socket, HttpServer::Answer answer, std::function<void()> ended)
      : stream_(std::move(socket)), answer_(std::move(answer)), ended_(std::move(ended)) {}
  ~HttpSession() { ended_(); }

  void read() {
    parser_.emplace();
    parser_->header_limit(HttpServer::header_bytes_max);
    parser_->body_limit(HttpServer::body_bytes_max);
    stream_.expires_after(HttpServer::request_time_max);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                       if (!error) self->on_request();
                     });
  }

 private:
  void on_request() {
    const auto& request = parser_->get();
    HttpAnswer answer;
    const bool readable = request.method() == http::verb::get || request.method() == http::verb::head;
    if (readable) {
      const std::string target(request.target().data(), request.target().size());
      answer = answer_(target.substr(0, target.find('?')));
    } else {
      answer = {405, "text/plain", "only GET and HEAD are answered here\n"};
    }
    response_ = {};
    response_.version(request.version());
    response_.result(answer.status);
    response_.keep_alive(request.keep_alive());
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (!readable) response_.set(http::field::allow, "GET, HEAD");
    response_.content_length(answer.body.size());
    if (request.method() != http::verb::head) response_.body() = std::move(answer.body);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (error) return;
                        if (self->response_.keep_alive()) {
                          self->read();
                          return;
                        }
                        boost::system::error_code ignored;
                        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                      });
  }

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_{HttpServer::header_bytes_max + HttpServer::body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  const HttpServer::Answer answer_;
  const std::function<void()> ended_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(boost::asio::io_context& context, Answer answer)
      : sessions_(std::make_shared<SessionAcceptor<tcp>>(
            context, connections_max, [answer = std::move(answer)](tcp::socket socket, std::function<void()> ended) {
              boost::system::error_code ignored;
              socket.set_option(tcp::no_delay(true), ignored);
              std::make_shared<HttpSession>(std::move(socket), answer, std::move(ended))->read();
            })) {}

  std::string listen(const std::string& address, std::uint16_t port) {
    const boost::system::error_code error = sessions_->listen(address, port);
    if (error) {
      return "cannot listen at " + address + ":" + std::to_string(port) + " for health checks: " + error.message() +
             ": correct [http] in cluster.toml, or end the program that has the port (\"ss -ltnp\" shows which)";
    }
    return {};
  }

  std::uint16_t port() const { return sessions_->port(); }

  void stop() { sessions_->stop(); }

 private:
  std::shared_ptr<SessionAcceptor<tcp>> sessions_;
};

HttpServer::HttpServer(boost::asio::io_context& context, Answer answer)
    : impl_(std::make_shared<Impl>(context, std::move(answer))) {}

HttpServer::~HttpServer() { impl_->stop(); }

std::string HttpServer::listen(const std::string& address, std::uint16_t port) { return impl_->listen(address, port); }

std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace lockstep::prod
