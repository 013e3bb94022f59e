// The Unix socket for administrators on this server.
#pragma once

#include "prod/common/control_protocol.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace lockstep::prod {

/// Runs on the thread of `context`, which outlives it.
class ControlServer {
 public:
  using Respond = std::function<void(ControlAnswer answer)>;  ///< once, from any thread
  using Handle = std::function<void(const ControlRequest& request, Respond respond)>;

  /// More connections wait until one has ended.
  static constexpr std::size_t connections_max = 32;

  ControlServer(boost::asio::io_context& context, Handle handle);
  ~ControlServer();

  /// Only root gets in (mode 0600). A socket that a dead daemon left is replaced. An error as text, or empty.
  std::string listen(const std::string& path);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::prod
