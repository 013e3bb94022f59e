// A GET request, and its status.
#include "io/linux/look_probe.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace lockstep::io {

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;

constexpr unsigned http_version = 11;

/// One look; ends itself when it is given up.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(boost::asio::io_context& context, const HttpCheck& check, Probe::Found found)
      : socket_(context), check_(check), found_(std::move(found)), request_(http::verb::get, check.path, http_version) {
    request_.set(http::field::host, check.host.empty() ? check.address : check.host);
    request_.set(http::field::user_agent, "lockstep");
    request_.set(http::field::connection, "close");
  }

  void begin() {
    const tcp::endpoint endpoint(boost::asio::ip::make_address(check_.address), check_.port);
    socket_.async_connect(endpoint, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error) return self->fail(error);
      http::async_write(self->socket_, self->request_, [self](const boost::system::error_code& failed, std::size_t) {
        if (failed) return self->fail(failed);
        self->read();
      });
    });
  }

  void give_up() {
    found_ = nullptr;
    close();
  }

 private:
  // The status is in the header; how long the body may be does not matter.
  void read() {
    http::async_read_header(
        socket_, buffer_, parser_, [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
          if (error) return self->fail(error);
          const unsigned status = self->parser_.get().result_int();
          const bool passed = status == self->check_.status;
          self->end({passed, self->what() + ": " + std::to_string(status) +
                                 (passed ? "" : " instead of " + std::to_string(self->check_.status))});
        });
  }

  [[nodiscard]] std::string what() const {
    return "GET http://" + check_.address + ":" + std::to_string(check_.port) + check_.path;
  }
  void fail(const boost::system::error_code& error) { end({false, what() + ": " + error.message()}); }
  void end(Finding finding) {
    close();
    if (auto found = std::exchange(found_, nullptr)) found(std::move(finding));
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  const HttpCheck check_;
  Probe::Found found_;
  http::request<http::empty_body> request_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::empty_body> parser_;
};

}  // namespace

std::unique_ptr<Probe> make_http_probe(EventLoop& loop, HttpCheck check) {
  return std::make_unique<LookProbe<Exchange, HttpCheck>>(loop, std::move(check));
}

}  // namespace lockstep::io
