// A node's links over TCP and TLS, to the peer and to the witness.
//
// Who calls whom is fixed, so that there is never a question which of two connections counts: node `first` listens
// and node `second` dials it; both dial the witness.
#pragma once

#include "engine/values/node_id.h"
#include "engine/values/time.h"
#include "io/asio/hello.h"
#include "io/link.h"
#include "io/report.h"
#include "io/tls/context.h"

#include <cstdint>
#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;
class EventQueue;
class SharedPorts;

/// Addresses are IP addresses as text; they were checked before.
struct AsioLinkOptions {
  NodeId self = NodeId::first;
  Hello hello;  ///< this node's own; `place` is filled in from `self`
  std::string self_address;
  std::string peer_address;
  std::uint16_t port = 0;       ///< where node `first` is called, also for other modules
  std::string witness_address;  ///< empty: there is no link to a witness
  std::uint16_t witness_port = 0;
  /// How long unacknowledged data may hang before the connection is given up: the module's timeout.
  Duration silence_limit = milliseconds(2000);
};

/// Loop, queue and ports outlive it; used on the loop's thread, but for open() and the end, when the loop does not run.
class AsioLink final : public Link {
 public:
  AsioLink(EventLoop& loop, EventQueue& queue, SharedPorts& ports, AsioLinkOptions options, tls::Context tls,
           const Report& report);
  ~AsioLink() override;

  /// Can be called from now on, or dials. A failure (the port is taken) is a sentence with a remedy.
  std::string open();
  /// Where node `first` is called, once open() has succeeded.
  [[nodiscard]] std::uint16_t port() const;

  void send(Endpoint to, Frame frame) override;
  void reset(Endpoint to) override;
  /// Sends what was queued since the last call; the loop calls it after each burst of events.
  void flush();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io
