#include "prod/api/api_server.h"

#include "engine/values/node_id.h"
#include "io/asio/event_loop.h"
#include "io/tls/proven_identity.h"
#include "prod/api/gate.h"
#include "prod/daemon/session_acceptor.h"
#include "prod/metrics/metric_page.h"

#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/ssl.h>

namespace lockstep::prod {

namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using boost::asio::ip::tcp;

constexpr std::string_view json_type = "application/json";

/// Asio takes over a reference of its own.
boost::asio::ssl::context asio_context(const tls::Credentials& credentials) {
  const tls::Context context(credentials, tls::Peers::anybody);
  tls::ask_who_calls(context, credentials.authority);
  SSL_CTX_up_ref(context.get());
  return boost::asio::ssl::context(context.get());
}

unsigned http_status(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return 200;
    case Outcome::refused: return 409;
    case Outcome::not_available: return 404;
  }
  return 500;
}

class ApiSession : public std::enable_shared_from_this<ApiSession> {
 public:
  ApiSession(tcp::socket socket, boost::asio::ssl::context& tls, const tls::Credentials& credentials, Gate& gate,
             const ApiServer::Handle& handle, std::function<void()> ended)
      : stream_(std::move(socket), tls),
        timer_(stream_.get_executor()),
        credentials_(credentials),
        gate_(gate),
        handle_(handle),
        ended_(std::move(ended)) {
    boost::system::error_code error;
    remote_ = boost::beast::get_lowest_layer(stream_).socket().remote_endpoint(error).address().to_string();
  }
  ~ApiSession() { ended_(); }

  void start() {
    boost::beast::get_lowest_layer(stream_).expires_after(ApiServer::handshake_time_max);
    stream_.async_handshake(boost::asio::ssl::stream_base::server,
                            [self = shared_from_this()](const boost::system::error_code& error) {
                              if (!error) self->read();
                            });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(ApiServer::header_bytes_max);
    parser_->body_limit(ApiServer::body_bytes_max);
    boost::beast::get_lowest_layer(stream_).expires_after(ApiServer::request_time_max);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                       if (error == http::error::body_limit || error == http::error::header_limit) {
                         self->keep_alive_ = false;
                         self->respond(413, json::object{{"error", "the request is too large"}});
                       } else if (!error) {
                         self->on_request();
                       }
                     });
  }

  void on_request() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    const std::string target(request.target().data(), request.target().size());
    if (target == configuration_path) return tell_configuration();
    const std::string_view authorization(request[http::field::authorization].data(),
                                         request[http::field::authorization].size());
    const std::string method(request.method_string().data(), request.method_string().size());
    const auto admitted = gate_.admit({method, target.substr(0, target.find('?')), request.body()}, authorization,
                                      remote_, io::EventLoop::now());
    if (const auto* refusal = std::get_if<ApiError>(&admitted)) {
      return respond(refusal->status, json::object{{"error", refusal->text}});
    }
    ask(std::get<ApiCall>(admitted).request);
  }

  /// It holds everything that is in the files, so a token of the API is not enough; and the witness need not know.
  void tell_configuration() {
    const auto own = credentials_.certificate.identity();
    const auto member = tls::proven_identity(stream_.native_handle(), credentials_.authority);
    const bool server =
        member && (member->place == to_string(NodeId::first) || member->place == to_string(NodeId::second));
    if (!own || !server || member->cluster != own->cluster) {
      return respond(403, json::object{{"error", "only a server of this cluster is told, by its certificate"}});
    }
    if (parser_->get().method() != http::verb::get) {
      return respond(405, json::object{{"error", "only GET is answered here"}});
    }
    ControlRequest request;
    request.verb = "configuration";
    ask(request);
  }

  void ask(const ControlRequest& request) {
    boost::beast::get_lowest_layer(stream_).expires_never();
    const std::uint64_t asked = ++asked_;
    timer_.expires_after(ApiServer::answer_time_max);
    timer_.async_wait([self = shared_from_this(), asked](const boost::system::error_code& cancelled) {
      if (!cancelled) self->answer(asked, 504, json::object{{"error", "the module does not answer: see its log"}});
    });
    handle_(request, [self = shared_from_this(), asked, verb = request.verb](ControlAnswer answer) {
      boost::asio::post(self->stream_.get_executor(), [self, asked, verb, answer = std::move(answer)] {
        self->timer_.cancel();
        if (verb == "metrics") return self->answer(asked, 200, answer.text, metric_page_type);
        json::object body;
        if (answer.outcome != Outcome::done) {
          body["error"] = answer.text;
        } else if (verb == "status" || verb == "configuration") {
          body = answer.status;
        } else {
          body["text"] = answer.text;
        }
        self->answer(asked, http_status(answer.outcome), body);
      });
    });
  }

  /// Of two answers to one request (a late one, after "does not answer") the first counts.
  void answer(std::uint64_t asked, unsigned status, const json::object& body) {
    answer(asked, status, json::serialize(body) + "\n", json_type);
  }
  void answer(std::uint64_t asked, unsigned status, std::string text, std::string_view type) {
    if (asked != asked_) return;
    ++asked_;
    respond(status, std::move(text), type);
  }

  void respond(unsigned status, const json::object& body) { respond(status, json::serialize(body) + "\n", json_type); }
  void respond(unsigned status, std::string text, std::string_view type) {
    response_ = {};
    response_.version(11);
    response_.result(status);
    response_.keep_alive(keep_alive_);
    response_.set(http::field::content_type, type);
    response_.set(http::field::cache_control, "no-store");
    if (status == 401) response_.set(http::field::www_authenticate, "Bearer");
    response_.content_length(text.size());
    if (parser_->get().method() != http::verb::head) response_.body() = std::move(text);
    boost::beast::get_lowest_layer(stream_).expires_after(ApiServer::request_time_max);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (error) return;
                        if (self->keep_alive_) return self->read();
                        self->stream_.async_shutdown([self](const boost::system::error_code&) {});
                      });
  }

  boost::beast::ssl_stream<boost::beast::tcp_stream> stream_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_{ApiServer::header_bytes_max + ApiServer::body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  const tls::Credentials& credentials_;
  Gate& gate_;
  const ApiServer::Handle& handle_;
  const std::function<void()> ended_;
  std::string remote_;
  std::uint64_t asked_ = 0;
  bool keep_alive_ = false;
};

}  // namespace

/// Sessions hold it, so it lives as long as any of them.
class ApiServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& context, const tls::Credentials& credentials, std::string configuration, Handle handle,
       Say say)
      : credentials_(credentials),
        tls_(asio_context(credentials)),
        gate_(std::move(configuration), std::move(say)),
        handle_(std::move(handle)),
        context_(context) {}

  std::string listen(const std::string& address, std::uint16_t port) {
    sessions_ = std::make_shared<SessionAcceptor<tcp>>(
        context_, connections_max, [weak = weak_from_this()](tcp::socket socket, std::function<void()> ended) {
          const auto self = weak.lock();
          if (!self) return ended();
          boost::system::error_code ignored;
          socket.set_option(tcp::no_delay(true), ignored);
          std::make_shared<ApiSession>(std::move(socket), self->tls_, self->credentials_, self->gate_, self->handle_,
                                       [self, ended = std::move(ended)] { ended(); })
              ->start();
        });
    const boost::system::error_code error = sessions_->listen(address, port);
    if (error) {
      return "cannot listen at " + address + ":" + std::to_string(port) + " for the API: " + error.message() +
             ": correct [api] in cluster.toml, or end the program that has the port (\"ss -ltnp\" shows which)";
    }
    return {};
  }

  std::uint16_t port() const { return sessions_->port(); }

  void stop() {
    if (sessions_) sessions_->stop();
  }

 private:
  const tls::Credentials credentials_;
  boost::asio::ssl::context tls_;
  Gate gate_;
  const Handle handle_;
  boost::asio::io_context& context_;
  std::shared_ptr<SessionAcceptor<tcp>> sessions_;
};

ApiServer::ApiServer(boost::asio::io_context& context, const tls::Credentials& credentials, std::string configuration,
                     Handle handle, Say say)
    : impl_(std::make_shared<Impl>(context, credentials, std::move(configuration), std::move(handle), std::move(say))) {
}

ApiServer::~ApiServer() { impl_->stop(); }

std::string ApiServer::listen(const std::string& address, std::uint16_t port) { return impl_->listen(address, port); }

std::uint16_t ApiServer::port() const { return impl_->port(); }

}  // namespace lockstep::prod
