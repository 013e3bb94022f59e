// Port: ordered, connection-based messages to the peer node and to the witness.
// Events that answer: LinkUp, LinkDown, FrameArrived.
#pragma once

#include "engine/values/buffer.h"

#include <cstddef>
#include <cstdint>

#include <boost/container/small_vector.hpp>

namespace lockstep::io {

/// The other end of a link, as one program sees it.
/// A node has `peer` and `witness`; a witness has `first` and `second`.
enum class Endpoint : std::uint8_t { peer, witness, first, second };

/// The head of a message about a write, and most others, fits in without an allocation.
using FrameHead = boost::container::small_vector<std::byte, 88>;

/// One message: the bytes of `head` followed by those of `body`. Bulk data travels in `body`, by handle.
struct Frame {
  FrameHead head;
  Buffer body;
};

/// Largest frame that is sent or accepted; a larger one arriving is a protocol error that closes the connection.
inline constexpr std::size_t frame_bytes_max = std::size_t{4} << 20U;

/// The implementation connects and reconnects by itself, with a short pause between attempts, and checks before
/// LinkUp that the other end is of the same cluster, module and protocol version and has the expected place.
/// Within one connection frames arrive complete and in order, or the connection ends. Nothing survives a
/// connection: after LinkDown every frame not yet delivered may be lost.
class Link {
 public:
  virtual ~Link() = default;
  /// Queues a frame; dropped silently while the link is down.
  virtual void send(Endpoint to, Frame frame) = 0;
  /// Gives up the present connection; LinkDown follows, then a new connection is tried.
  virtual void reset(Endpoint to) = 0;
};

}  // namespace lockstep::io
