// What every part of a node's engine shares: settings, ports, the time of the present step.
#pragma once

#include "engine/node_engine.h"
#include "engine/wire/codec.h"

#include <string>

namespace lockstep::engine {

struct Context {
  Context(const Settings& chosen, NodePorts given) : settings(chosen), ports(given) {}

  const Settings settings;
  NodePorts ports;
  Instant now;
  bool peer_up = false;
  bool witness_up = false;

  Ticket next_ticket() { return ticket_ = ticket_.next(); }
  void send_peer(const Message& message) {
    if (peer_up) ports.link.send(io::Endpoint::peer, encode(message));
  }
  void note(std::string text) { ports.trace.record(io::Note{std::move(text)}); }
  void mark(std::string_view name) { ports.trace.record(io::Mark{name}); }

 private:
  Ticket ticket_;
};

}  // namespace lockstep::engine
