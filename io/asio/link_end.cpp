#include "io/asio/link_end.h"

#include "io/asio/event_queue.h"

#include <utility>

namespace lockstep::io {

LinkEnd::LinkEnd(EventQueue& queue, Endpoint endpoint, std::string description, Report report,
                 std::function<void()> ended)
    : queue_(queue),
      endpoint_(endpoint),
      description_(std::move(description)),
      report_(std::move(report)),
      ended_(std::move(ended)) {}

LinkEnd::~LinkEnd() {
  if (connection_) connection_->close();
}

void LinkEnd::adopt(std::shared_ptr<FrameConnection> connection, Duration silence_limit) {
  if (connection_) {
    report_(Severity::info, "a new connection of the " + description_ + " at " + connection->remote() +
                                " replaces the one from " + connection_->remote());
    connection_->close();
    queue_.post(LinkDown{endpoint_});
  }
  connection_ = std::move(connection);
  connection_->set_listener(this);
  connection_->set_frame_limit(frame_bytes_max);
  connection_->set_silence_limit(silence_limit);
  report_(Severity::info, "connected with the " + description_ + " at " + connection_->remote());
  queue_.post(LinkUp{endpoint_});
}

void LinkEnd::send(Frame frame) {
  if (connection_) connection_->send(std::move(frame));
}

void LinkEnd::flush() {
  if (connection_) connection_->flush();
}

void LinkEnd::reset() {
  if (!connection_) return;
  report_(Severity::info, "gave up the connection with the " + description_ + " at " + connection_->remote());
  std::exchange(connection_, nullptr)->close();
  queue_.post(LinkDown{endpoint_});
  ended_();
}

void LinkEnd::on_frame(FrameConnection&, Buffer frame) { queue_.post(FrameArrived{endpoint_, std::move(frame)}); }

void LinkEnd::on_closed(FrameConnection& connection, const std::string& reason) {
  report_(Severity::warning,
          "lost the connection with the " + description_ + " at " + connection.remote() + ": " + reason);
  connection_ = nullptr;  // the connection itself lives until its present handler ends
  queue_.post(LinkDown{endpoint_});
  ended_();
}

}  // namespace lockstep::io
