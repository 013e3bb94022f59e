// The ports at which a daemon is called, for all its modules: several can have one port, and whom a caller wants to
// reach it says at the beginning of its TLS handshake (io/tls/server_name.h). Each has a connection of its own all the
// same: what one module sends must not wait behind what another does.
#pragma once

#include "io/report.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

namespace lockstep::io {

/// Callers that have not said yet whom they want to reach, of all modules. One more, and the oldest is turned away.
inline constexpr std::size_t callers_max = 64;
/// Callers that a module has been given and has not looked at; more are closed at once.
inline constexpr std::size_t callers_waiting_max = 16;

/// A connection that nobody has read from; closed by whoever drops it.
class CallerSocket {
 public:
  CallerSocket(int descriptor, boost::asio::ip::tcp protocol) : descriptor_(descriptor), protocol_(protocol) {}
  ~CallerSocket();
  CallerSocket(const CallerSocket&) = delete;
  CallerSocket& operator=(const CallerSocket&) = delete;

  /// For whoever goes on with it, on that one's context. Nothing: the system has no room for it there.
  [[nodiscard]] std::optional<boost::asio::ip::tcp::socket> release(boost::asio::io_context& context);

 private:
  int descriptor_;
  boost::asio::ip::tcp protocol_;
};

/// From any thread but its own: it has one, so that no module's waits for a caller to speak.
class SharedPorts {
 public:
  /// On the thread of the ports; must not block. The caller is waiting until the socket is dropped.
  using Handler = std::function<void(std::shared_ptr<CallerSocket> caller)>;

  explicit SharedPorts(Report report);
  ~SharedPorts();
  SharedPorts(const SharedPorts&) = delete;
  SharedPorts& operator=(const SharedPorts&) = delete;

  /// One that is called at a port, until this is destroyed; the ports outlive it. Then its handler is not called any
  /// more, and who calls for it is closed without an answer, as at a port where nobody listens: it may come back.
  class Claim {
   public:
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

   private:
    friend class SharedPorts;
    Claim(SharedPorts& ports, std::uint16_t port, std::string name)
        : ports_(ports), port_(port), name_(std::move(name)) {}

    SharedPorts& ports_;
    const std::uint16_t port_;
    const std::string name_;
  };

  struct Claimed {
    std::unique_ptr<Claim> claim;
    std::string error;  ///< a sentence with a remedy
  };
  /// Takes the port, unless that is done. `port` 0 takes a free one. Who calls there for `name` is the handler's. Who
  /// names nobody, or somebody who was never called there, is left to the first by name, which tells it what is wrong.
  Claimed claim(const std::string& address, std::uint16_t port, const std::string& name, Handler handler);
  /// Lets callers in, at all ports that were claimed: when whoever may be called is there. An error as above.
  std::string listen();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io
