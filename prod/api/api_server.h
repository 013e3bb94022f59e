// The HTTP API: over TLS, for whoever has a token, and for one question for the cluster's own servers, known by their
// certificate. Health pages for load balancers are elsewhere, and open.
#pragma once

#include "io/tls/context.h"
#include "prod/api/routes.h"
#include "prod/api/tokens.h"

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

/// GET, only for a server of the cluster, without a token: the request "configuration".
inline constexpr const char* configuration_path = "/v1/configuration";

/// Runs on the thread of `context`, which outlives it.
class ApiServer {
 public:
  using Respond = std::function<void(ControlAnswer answer)>;  ///< once, from any thread
  using Handle = std::function<void(const ControlRequest& request, Respond respond)>;
  using Say = std::function<void(const std::string& text)>;  ///< who did what, and who was refused

  static constexpr std::size_t connections_max = 64;
  static constexpr std::size_t header_bytes_max = 8192;
  static constexpr std::size_t body_bytes_max = 4096;
  static constexpr std::chrono::seconds handshake_time_max{5};
  /// For a request to arrive; also how long a connection may idle between two.
  static constexpr std::chrono::seconds request_time_max{10};
  /// For a module to answer.
  static constexpr std::chrono::seconds answer_time_max{60};

  /// `configuration`: the directory whose tokens count. They are read again when their file changes.
  ApiServer(boost::asio::io_context& context, const tls::Credentials& credentials, std::string configuration,
            Handle handle, Say say);
  ~ApiServer();

  /// An error as a sentence with a remedy, or empty. `port` 0 takes a free one.
  std::string listen(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::prod
