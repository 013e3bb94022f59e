// A small HTTP server for load balancers: short GETs, answered at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace lockstep::prod {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain";
  std::string body;
};

/// Runs on the thread of `context`, which outlives it.
class HttpServer {
 public:
  /// Answers GET and HEAD of a path (without its query); must not block.
  using Answer = std::function<HttpAnswer(const std::string& path)>;

  static constexpr std::size_t connections_max = 128;
  static constexpr std::size_t header_bytes_max = 8192;
  static constexpr std::size_t body_bytes_max = 1024;
  /// For a request to arrive and be answered; also how long a connection may idle between two.
  static constexpr std::chrono::seconds request_time_max{10};

  HttpServer(boost::asio::io_context& context, Answer answer);
  ~HttpServer();

  /// An error as a sentence with a remedy, or empty. `port` 0 takes a free one.
  std::string listen(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::prod
