#include "io/etcd/etcd_connection.h"

#include "engine/values/check.h"
#include "io/asio/event_loop.h"
#include "io/asio/frame_connection.h"
#include "io/etcd/etcd_messages.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace lockstep::io {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// Of an answer, before its body: etcd's are a tenth of that.
constexpr std::uint32_t header_bytes_max = 8192;

constexpr const char* spoke_unasked = "it spoke without being asked";

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

/// Files that people have written, or have not. What is wrong with one, else empty.
std::string load_files(asio::ssl::context& tls, const EtcdOptions& options) {
  error_code error;
  // Without this OpenSSL would ask for a passphrase at the terminal of a daemon.
  tls.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
  tls.load_verify_file(options.authority_file, error);
  if (error) return "the authority's certificate " + options.authority_file + " cannot be read: " + error.message();
  if (options.certificate_file.empty() && options.key_file.empty()) return {};
  tls.use_certificate_chain_file(options.certificate_file, error);
  if (error) return "the certificate " + options.certificate_file + " cannot be read: " + error.message();
  tls.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  if (error) {
    return "the key " + options.key_file + " cannot be read, or is not that of the certificate: " + error.message();
  }
  return {};
}

/// Whom this end wants to see, and what it offers. The same checks as of a browser.
bool expect_host(SSL* ssl, const std::string& host) {
  static constexpr std::array<unsigned char, 9> http_1_1 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  if (::SSL_set_alpn_protos(ssl, http_1_1.data(), http_1_1.size()) != 0) return false;
  if (is_address(host)) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1;
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && ::SSL_set1_host(ssl, host.c_str()) == 1;
}

bool is_end(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated ||
         error == asio::error::connection_reset || error == asio::error::broken_pipe ||
         error == http::error::end_of_stream || error == http::error::partial_message;
}

/// Of OpenSSL; 0: it was something else.
int reason_of(const error_code& error) {
  const bool of_openssl = error.category() == asio::error::get_ssl_category();
  return of_openssl ? ERR_GET_REASON(static_cast<unsigned long>(error.value())) : 0;
}

/// The other end's complaint about this one's.
bool is_about_certificate(int reason) {
  return (reason >= SSL_R_SSLV3_ALERT_BAD_CERTIFICATE && reason <= SSL_R_TLSV1_ALERT_DECRYPT_ERROR) ||
         reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
}

}  // namespace

class EtcdConnection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, const EtcdOptions& options, const EtcdServer& server, std::size_t turn,
       Listener& listener)
      : options_(options),
        server_(server),
        turn_(turn),
        answer_max_(options.answer_max),
        listener_(listener),
        context_(context),
        resolver_(context),
        timer_(context),
        tls_(asio::ssl::context::tls_client) {}

  void start() {
    limit();
    asio::post(context_, [self = shared_from_this()] {
      if (!self->closed_) self->open();
    });
  }

  void ask(const char* target, std::string body) {
    LOCKSTEP_CHECK(!asking_ && !closed_, "an etcd is asked one question at a time");
    asking_ = true;
    writing_ = true;
    answered_ = false;
    request_ = http::request<http::string_body>(http::verb::post, target, 11);
    request_.set(http::field::host, to_string(server_));
    request_.set(http::field::content_type, "application/json");
    request_.body() = std::move(body);
    request_.prepare_payload();
    limit();
    http::async_write(*stream_, request_, [self = shared_from_this()](const error_code& error, std::size_t) {
      // What the read that is under way finds says more: a server that refuses says why before it hangs up.
      if (self->closed_ || error) return;
      self->writing_ = false;
      self->finish();
    });
  }

  void close() {
    closed_ = true;
    timer_.cancel();
    resolver_.cancel();
    if (!stream_) return;
    error_code ignored;
    socket().close(ignored);
  }

 private:
  tcp::socket& socket() { return beast::get_lowest_layer(*stream_); }

  void open() {
    ::SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_session_cache_mode(tls_.native_handle(), SSL_SESS_CACHE_OFF);
    tls_.set_verify_mode(asio::ssl::verify_peer);
    if (const std::string problem = load_files(tls_, options_); !problem.empty()) return fail(problem);
    stream_.emplace(context_, tls_);
    if (!expect_host(stream_->native_handle(), server_.host)) return fail("\"" + server_.host + "\" is no host");
    if (is_address(server_.host)) {
      endpoints_ = {{asio::ip::make_address(server_.host), server_.port}};
      return connect(0, {});
    }
    resolver_.async_resolve(
        server_.host, std::to_string(server_.port),
        [self = shared_from_this()](const error_code& error, const tcp::resolver::results_type& found) {
          if (self->closed_) return;
          if (error) return self->fail(error.message());
          for (const auto& entry : found) self->endpoints_.push_back(entry.endpoint());
          self->connect(0, {});
        });
  }

  /// Asio's async_connect() for many addresses would open sockets that children inherit meanwhile.
  void connect(std::size_t tried, const error_code& last) {
    if (tried == endpoints_.size()) return fail(last ? last.message() : "it has no address");
    const tcp::endpoint& endpoint = endpoints_[(turn_ + tried) % endpoints_.size()];
    error_code error;
    socket().close(error);
    socket().open(endpoint.protocol(), error);
    if (error) return fail("no socket: " + error.message());
    prepare_socket(socket());
    socket().async_connect(endpoint, [self = shared_from_this(), tried](const error_code& refused) {
      if (self->closed_) return;
      if (refused) return self->connect(tried + 1, refused);
      self->handshake();
    });
  }

  void handshake() {
    stream_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
      if (self->closed_) return;
      if (error) return self->fail(self->handshake_failure(error));
      self->unlimit();
      self->receive();
      self->listener_.on_ready();
    });
  }

  std::string handshake_failure(const error_code& error) {
    const long verified = ::SSL_get_verify_result(stream_->native_handle());
    if (verified != X509_V_OK) {
      return "its certificate is not accepted (" + std::string(::X509_verify_cert_error_string(verified)) +
             "): correct its address, or the file of its authority, " + options_.authority_file;
    }
    const int reason = reason_of(error);
    if (is_end(error) || reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
      return "it does not speak TLS: let etcd listen for clients at an https:// address";
    }
    if (is_about_certificate(reason)) return distrust(error);
    return "no agreement on TLS: " + error.message();
  }

  /// Always under way, so that an end of the connection is noticed while nothing is asked.
  void receive() {
    parser_.emplace();
    parser_->body_limit(etcd::answer_bytes_max);
    parser_->header_limit(header_bytes_max);
    http::async_read(*stream_, buffer_, *parser_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (self->closed_) return;
      if (error) return self->fail(error);
      if (!self->asking_) return self->fail(spoke_unasked);
      self->answered_ = true;
      self->finish();
    });
  }

  /// An answer can come before the handler that says that the question has left.
  void finish() {
    if (writing_ || !answered_) return;
    asking_ = false;
    unlimit();
    if (EventLoop::now() - asked_at_ > answer_max_) return fail(no_answer());
    auto answer = parser_->release();
    receive();
    listener_.on_answer(answer.result_int(), std::move(answer.body()));
  }

  void limit() {
    asked_at_ = EventLoop::now();
    timer_.expires_after(std::chrono::nanoseconds(answer_max_.ns));
    timer_.async_wait([self = shared_from_this(), limited = ++limited_](const error_code& error) {
      if (error || self->closed_ || limited != self->limited_) return;
      self->fail(self->no_answer());
    });
  }
  /// Also what has expired already, and whose handler waits for its turn.
  void unlimit() {
    ++limited_;
    timer_.cancel();
  }

  [[nodiscard]] std::string no_answer() const {
    return "no answer within " + std::to_string(answer_max_.ns / milliseconds(1).ns) + " ms";
  }

  [[nodiscard]] std::string distrust(const error_code& error) const {
    return "it does not accept " +
           (options_.certificate_file.empty() ? "who shows no certificate"
                                              : "the certificate " + options_.certificate_file) +
           " (" + error.message() + ")";
  }

  /// In TLS 1.3 the server looks at this end's certificate after the handshake has ended here.
  void fail(const error_code& error) {
    if (is_about_certificate(reason_of(error))) return fail(distrust(error));
    fail(is_end(error) ? "it ended the connection" : error.message());
  }

  void fail(const std::string& reason) {
    close();
    listener_.on_closed(reason);
  }

  const EtcdOptions& options_;
  const EtcdServer server_;
  const std::size_t turn_;
  const Duration answer_max_;
  Listener& listener_;
  asio::io_context& context_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  asio::ssl::context tls_;
  std::optional<beast::ssl_stream<tcp::socket>> stream_;
  std::vector<tcp::endpoint> endpoints_;

  beast::flat_buffer buffer_{etcd::answer_bytes_max};
  std::optional<http::response_parser<http::string_body>> parser_;
  http::request<http::string_body> request_;
  bool asking_ = false;
  bool writing_ = false;   ///< the question has not left wholly
  bool answered_ = false;  ///< `parser_` has the whole answer
  Instant asked_at_;
  std::uint64_t limited_ = 0;  ///< handlers of an earlier limit have nothing to say
  bool closed_ = false;
};

EtcdConnection::EtcdConnection(asio::io_context& context, const EtcdOptions& options, const EtcdServer& server,
                               std::size_t turn, Listener& listener)
    : impl_(std::make_shared<Impl>(context, options, server, turn, listener)) {}

EtcdConnection::~EtcdConnection() { impl_->close(); }

void EtcdConnection::start() { impl_->start(); }

void EtcdConnection::ask(const char* target, std::string body) { impl_->ask(target, std::move(body)); }

}  // namespace lockstep::io
