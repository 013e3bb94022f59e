// The witness's links to the two nodes of one module, and the port that all modules share.
#pragma once

#include "engine/values/time.h"
#include "io/asio/hello.h"
#include "io/link.h"
#include "io/report.h"
#include "io/tls/context.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;
class EventQueue;
class FrameConnection;

/// Endpoints `first` and `second`; the nodes call.
class WitnessLink final : public Link {
 public:
  /// `silence_limit` as for a node's links: the module's timeout.
  WitnessLink(EventQueue& queue, Duration silence_limit, const Report& report);
  ~WitnessLink() override;

  void send(Endpoint to, Frame frame) override;
  void reset(Endpoint to) override;
  void flush();

  /// A connection whose caller said that its place is `place` ("first" or "second").
  void adopt(const std::string& place, std::shared_ptr<FrameConnection> connection);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Listens for the nodes of every module and hands each connection to its module's link.
class WitnessServer {
 public:
  /// The link of the module that `theirs` names, or why there is none (`refusal`).
  struct Admission {
    WitnessLink* link = nullptr;
    std::string refusal;
  };
  using Admit = std::function<Admission(const Hello& theirs, const std::string& remote)>;

  /// `hello` is the witness's own, without a module. Links that were admitted live as long as the server.
  WitnessServer(EventLoop& loop, Hello hello, tls::Context tls, const Report& report, Admit admit);
  ~WitnessServer();

  /// Listens; a failure is a sentence with a remedy.
  std::string listen(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::io
