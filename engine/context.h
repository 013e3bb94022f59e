// What every part of a node's engine shares: settings, ports, the time of the present step.
#pragma once

#include "engine/marks.h"
#include "engine/node_engine.h"
#include "engine/own_disk.h"
#include "engine/wire/codec.h"

#include <string>

namespace lockstep::engine {

struct Context {
  Context(const Settings& chosen, NodePorts given)
      : settings(chosen),
        own_disk(given.volume, now),
        ports{given.timers,      given.link,   given.journal, given.touches, own_disk,        given.mount,
              given.application, given.checks, given.console, given.trace,   given.background},
        mark(given.trace) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Settings settings;
  Instant now;
  OwnDisk own_disk;
  NodePorts ports;  ///< its volume is `own_disk`
  MarkSink mark;
  bool peer_up = false;
  bool witness_up = false;

  Ticket next_ticket() { return ticket_ = ticket_.next(); }
  void send_peer(const Message& message) {
    if (peer_up) ports.link.send(io::Endpoint::peer, encode(message));
  }
  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.now, self.peer_up, self.witness_up, self.ticket_);
    OwnDisk::fields(self.own_disk, archive);
  }
  void note(std::string text) { ports.trace.record(io::Note{std::move(text)}); }

 private:
  Ticket ticket_;
};

}  // namespace lockstep::engine
