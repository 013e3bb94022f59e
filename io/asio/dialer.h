// The calling end of a link: connects, says hello, and tries again after a short pause for as long as it takes.
#pragma once

#include "io/asio/frame_connection.h"
#include "io/asio/hello.h"
#include "io/report.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lockstep::io {

class EventLoop;

struct DialerOptions {
  std::string local_address;  ///< calls leave from here, so that they take that network; empty: from anywhere
  std::string remote_address;
  std::uint16_t remote_port = 0;
  std::string description;     ///< "peer" or "witness", for messages
  std::string expected_place;  ///< what the other end's hello must say
  Hello hello;
  tls::Context tls;
};

/// Used on the loop's thread.
class Dialer {
 public:
  using Established = std::function<void(std::shared_ptr<FrameConnection>)>;

  Dialer(EventLoop& loop, DialerOptions options, std::shared_ptr<ReceivePool> pool, Report report,
         Established established);
  ~Dialer();

  /// Tries until `established` is called, once; after that only when it is told to dial again.
  void dial();
  void dial_again_after_pause();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
