// One TLS connection of a command: waits where a daemon would not, and carries lines.
#pragma once

#include "io/tls/stream.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::prod {

/// A request or an answer is shorter: configuration files and certificates.
inline constexpr std::size_t line_bytes_max = std::size_t{1} << 20U;

/// A connected socket, or -1 with errno. `address` is an IP address.
int dial(const std::string& address, std::uint16_t port, std::chrono::milliseconds limit);

/// Every call ends within the time that is left of `limit`, counted from the construction.
class SecureChannel {
 public:
  /// `socket` is connected, and closed with this.
  SecureChannel(int socket, const tls::Context& context, tls::End end, std::chrono::milliseconds limit);
  ~SecureChannel();
  SecureChannel(const SecureChannel&) = delete;
  SecureChannel& operator=(const SecureChannel&) = delete;

  /// An error as text, or empty.
  std::string handshake();
  std::string send_line(const std::string& line);
  /// Without its end; nothing if none came (`error`).
  std::optional<std::string> receive_line();
  [[nodiscard]] const std::string& error() const { return error_; }
  /// The other end, or this one, does not accept what the other is: time alone will not mend it.
  [[nodiscard]] bool refused() const { return refused_; }
  [[nodiscard]] const tls::Stream& stream() const { return stream_; }

 private:
  template <typename Step>
  bool finish(Step step);
  bool wait(short events);

  const int socket_;
  const std::chrono::steady_clock::time_point deadline_;
  tls::Stream stream_;
  std::string error_;
  bool refused_ = false;
  std::string received_;  ///< beyond the lines that were given out
};

}  // namespace lockstep::prod
