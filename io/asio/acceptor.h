// Listens at a port, and hands on whoever calls.
#pragma once

#include "io/report.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace boost::asio {
class io_context;
}

namespace lockstep::io {

/// Used on the thread of its context, but for listen(), which may come from another one before the first call does.
class Acceptor {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;

  Acceptor(boost::asio::io_context& context, Report report, Accepted accepted);
  ~Acceptor();

  /// Listens; an error comes back as a sentence with a remedy. `port` 0 takes a free one.
  std::string listen(const std::string& address, std::uint16_t port);
  /// The port in use; after a successful listen().
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
