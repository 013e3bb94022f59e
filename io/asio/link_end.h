// One endpoint of a link: the present connection to it, if there is one, and its events.
#pragma once

#include "io/asio/frame_connection.h"
#include "io/report.h"

#include <functional>
#include <memory>
#include <string>

namespace lockstep::io {

class EventQueue;

class LinkEnd final : private FrameConnection::Listener {
 public:
  /// `ended` is called when a connection has ended and none has taken its place (a dialler tries again then).
  LinkEnd(EventQueue& queue, Endpoint endpoint, std::string description, Report report, std::function<void()> ended);
  ~LinkEnd() override;

  /// Takes a connection whose handshake is done. It replaces an earlier one: LinkDown, then LinkUp.
  void adopt(std::shared_ptr<FrameConnection> connection, Duration silence_limit);
  void send(Frame frame);
  void flush();
  void reset();

 private:
  void on_frame(FrameConnection& connection, Buffer frame) override;
  void on_closed(FrameConnection& connection, const std::string& reason) override;

  EventQueue& queue_;
  const Endpoint endpoint_;
  const std::string description_;  ///< "peer", "witness", ...
  const Report report_;
  const std::function<void()> ended_;
  std::shared_ptr<FrameConnection> connection_;
};

}  // namespace lockstep::io
