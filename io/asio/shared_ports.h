// The ports at which a daemon is called, for all its modules: several can have one port, and whom a caller wants to
// reach it says in the first bytes of its TLS handshake (io/tls/called_name.h). Each has a connection of its own all
// the same: what one module sends must not wait behind what another does.
#pragma once

#include "io/report.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace lockstep::io {

/// Callers that have not said yet whom they want to reach; more are closed at once.
inline constexpr std::size_t callers_max = 64;

/// A connection that nobody has read from; closed by whoever drops it.
class CallerSocket {
 public:
  CallerSocket(int descriptor, boost::asio::ip::tcp protocol) : descriptor_(descriptor), protocol_(protocol) {}
  ~CallerSocket();
  CallerSocket(const CallerSocket&) = delete;
  CallerSocket& operator=(const CallerSocket&) = delete;

  /// For whoever goes on with it, on that one's context.
  [[nodiscard]] boost::asio::ip::tcp::socket release(boost::asio::io_context& context);

 private:
  int descriptor_;
  boost::asio::ip::tcp protocol_;
};

/// From any thread. It has one of its own, so that no module's waits for a caller to speak.
class SharedPorts {
 public:
  /// On the thread of the ports; must not block.
  using Take = std::function<void(std::shared_ptr<CallerSocket> caller)>;

  explicit SharedPorts(Report report);
  ~SharedPorts();
  SharedPorts(const SharedPorts&) = delete;
  SharedPorts& operator=(const SharedPorts&) = delete;

  /// One that is called at a port, until this is destroyed; the ports outlive it.
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
  /// Listens there, unless it does so already. `port` 0 takes a free one. Who calls there for `name` is `take`'s. Who
  /// names nobody, or somebody who is not called there, is left to the first by name, which tells it what is wrong.
  Claimed claim(const std::string& address, std::uint16_t port, const std::string& name, Take take);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io
