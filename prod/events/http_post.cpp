#include "prod/events/http_post.h"

#include <array>
#include <exception>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace lockstep::prod {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// Nobody reads what a webhook answers beyond its status.
constexpr std::size_t answer_bytes_max = 64U << 10U;

using Request = http::request<http::string_body>;

template <typename Stream>
asio::awaitable<unsigned> exchange(Stream& stream, const Request& request) {
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer(answer_bytes_max);
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
  co_return parser.get().result_int();
}

asio::ssl::context trusting(const std::string& ca_file) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(asio::ssl::verify_peer);
  if (ca_file.empty()) {
    context.set_default_verify_paths();
  } else {
    context.load_verify_file(ca_file);
  }
  return context;
}

asio::awaitable<unsigned> post(const WebhookConfiguration& to, const Request& request,
                               std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  const auto addresses = co_await resolver.async_resolve(to.host, std::to_string(to.port), asio::use_awaitable);
  if (!to.tls) {
    beast::tcp_stream stream(executor);
    stream.expires_after(timeout);
    co_await stream.async_connect(addresses, asio::use_awaitable);
    co_return co_await exchange(stream, request);
  }
  asio::ssl::context context = trusting(to.ca_file);
  beast::ssl_stream<beast::tcp_stream> stream(executor, context);
  ::SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(to.host));
  beast::get_lowest_layer(stream).expires_after(timeout);
  co_await beast::get_lowest_layer(stream).async_connect(addresses, asio::use_awaitable);
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_return co_await exchange(stream, request);
}

}  // namespace

PostOutcome post_over_http(const WebhookConfiguration& to, const HttpPost& post_this,
                           std::chrono::milliseconds timeout) {
  Request request(http::verb::post, to.target, 11);
  const bool usual_port = to.port == (to.tls ? 443 : 80);
  const std::string host = to.host.find(':') == std::string::npos ? to.host : "[" + to.host + "]";
  request.set(http::field::host, usual_port ? host : host + ":" + std::to_string(to.port));
  request.set(http::field::content_type, "application/json");
  request.keep_alive(false);
  for (const auto& [name, value] : post_this.headers) request.set(name, value);
  request.body() = post_this.body;
  request.prepare_payload();

  PostOutcome outcome;
  asio::io_context context(1);
  asio::co_spawn(context, post(to, request, timeout), [&outcome](const std::exception_ptr& failed, unsigned status) {
    outcome.status = status;
    if (!failed) return;
    try {
      std::rethrow_exception(failed);
    } catch (const std::exception& error) {
      outcome.error = error.what();
    }
  });
  context.run();
  return outcome;
}

std::string hmac_sha256_hex(const std::string& secret, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 15U];
  }
  return hex;
}

}  // namespace lockstep::prod
