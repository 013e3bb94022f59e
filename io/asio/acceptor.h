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

/// Used on the thread of its context, or while that does not run.
class Acceptor {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;

  Acceptor(boost::asio::io_context& context, Report report, Accepted accepted);
  ~Acceptor();

  /// Takes the port, at which nobody is answered yet. An error comes back as a sentence with a remedy. `port` 0 takes a
  /// free one.
  std::string bind(const std::string& address, std::uint16_t port);
  /// Lets callers in. An error as above.
  std::string listen();
  /// The port in use; after a successful bind().
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
