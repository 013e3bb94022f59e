// One TCP connection that carries frames (frame_reader.h), in TLS.
#pragma once

#include "engine/values/time.h"
#include "io/asio/frame_reader.h"
#include "io/link.h"
#include "io/tls/stream.h"

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace lockstep::io {

/// Exceeding it means that the other end has stopped reading: the connection is given up. Above everything that
/// the engine may have in flight (its windows are smaller), so that only a broken peer reaches it.
inline constexpr std::size_t output_bytes_max = std::size_t{384} << 20U;

/// Used on the loop's thread. Lives as long as an operation of it is under way; a listener that goes away calls
/// set_listener(nullptr) first.
class FrameConnection : public std::enable_shared_from_this<FrameConnection> {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// A complete frame: a slice of the receive buffer, not a copy.
    virtual void on_frame(FrameConnection& connection, Buffer frame) = 0;
    /// Once, and last: the connection has ended by itself, `reason` says how. Not after close().
    virtual void on_closed(FrameConnection& connection, const std::string& reason) = 0;
  };

  /// `socket` is connected. Frames larger than `frame_limit` end the connection. The handshake of TLS is its own
  /// affair: what is sent before it is done waits for it. `server_name` as tls::Stream has it.
  FrameConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ReceivePool> pool, std::size_t frame_limit,
                  const tls::Context& tls, tls::End end, const std::string& server_name = {});

  void set_listener(Listener* listener) { listener_ = listener; }
  void set_frame_limit(std::size_t frame_limit) { reader_.set_limit(frame_limit); }
  /// Data that stays unacknowledged for this long ends the connection (TCP_USER_TIMEOUT).
  void set_silence_limit(Duration limit);

  /// Begins the handshake, and to receive.
  void start();
  /// Queues; what is queued leaves with the next flush(), or when it has become much.
  void send(Frame frame);
  /// Writes all queued frames, in as few records as it takes; continues by itself when the socket is full.
  void flush();
  /// Ends the connection without a word to the listener. What was flushed still reaches the other end.
  void close();

  [[nodiscard]] bool closed() const { return closed_; }
  /// TLS is agreed. Without that, `peer` says nothing.
  [[nodiscard]] bool secured() const { return secured_; }
  /// It ended because one end does not trust or understand the other: trying again helps only after a person has acted.
  [[nodiscard]] bool refused() const { return refused_; }
  /// For whom the other end's certificate speaks.
  [[nodiscard]] std::optional<tls::Identity> peer() const { return tls_.peer(); }
  /// "10.0.0.2:7701", of the other end.
  [[nodiscard]] const std::string& remote() const { return remote_; }
  /// "10.0.0.2": each call of a dialling end comes from another port.
  [[nodiscard]] std::string remote_address() const { return remote_.substr(0, remote_.rfind(':')); }

 private:
  struct Outgoing {
    std::array<std::byte, frame_prefix_bytes> prefix{};
    Frame frame;
    [[nodiscard]] std::size_t size() const { return prefix.size() + frame.head.size() + frame.body.size(); }
  };

  void handshake();
  void receive();
  void go_on_receiving();
  void wait_to_read();
  void wait_to_write();
  bool take_frames();
  void write();
  std::span<const std::byte> next_record();
  void consume(std::size_t bytes);
  void end(tls::Progress progress);
  void fail(const std::string& reason);

  boost::asio::ip::tcp::socket socket_;
  tls::Stream tls_;
  FrameReader reader_;
  Listener* listener_ = nullptr;
  std::string remote_;
  bool closed_ = false;
  bool secured_ = false;
  bool refused_ = false;

  std::deque<Outgoing> outgoing_;
  std::size_t outgoing_bytes_ = 0;
  std::size_t front_written_ = 0;      ///< bytes of the first outgoing frame that are in the socket already
  std::span<const std::byte> record_;  ///< given to TLS and not taken yet; else empty
  std::array<std::byte, tls::record_bytes_max> gathered_;
  bool waiting_to_write_ = false;
  bool receive_when_writable_ = false;
};

/// What every socket of a link is set to. Close-on-exec keeps it out of the application's scripts: a daemonised
/// process that inherited it would hold the connection, or the port, beyond the daemon's life.
void prepare_socket(boost::asio::ip::tcp::socket& socket);

}  // namespace lockstep::io
