// What a member of the cluster says on a connection, in records of any length: the same as link_frames, through TLS and
// a socket, and much slower. (Others do not get so far: TLS is OpenSSL's matter.)
#include "engine/values/check.h"
#include "io/asio/frame_connection.h"
#include "io/linux/object_descriptor.h"
#include "io/tls/testing/credentials.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"
#include "props/fuzz/targets/frame_bytes.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>

namespace lockstep::fuzz {

namespace {

struct Received : io::FrameConnection::Listener {
  std::vector<std::string> frames;
  bool closed = false;
  void on_frame(io::FrameConnection& /*connection*/, Buffer frame) override { frames.emplace_back(frame.text()); }
  void on_closed(io::FrameConnection& /*connection*/, const std::string& /*reason*/) override { closed = true; }
};

const tls::Context& keys_of(const std::string& place) {
  static const tls::Context first(tls::testing::credentials("first"));
  static const tls::Context second(tls::testing::credentials("second"));
  return place == "first" ? first : second;
}

void let_work(boost::asio::io_context& context) {
  context.restart();
  while (context.poll() > 0) {
  }
}

/// Each piece is the number of its bytes and these.
bool accepts(const Buffer& input) {
  boost::asio::io_context context{1};
  int ends[2] = {-1, -1};
  LOCKSTEP_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there are descriptors");
  const linux_io::Descriptor sender(ends[0]);
  ::fcntl(sender.fd(), F_SETFL, O_NONBLOCK);
  boost::asio::ip::tcp::socket socket(context, boost::asio::ip::tcp::v4(), ends[1]);
  Received received;
  const auto connection =
      std::make_shared<io::FrameConnection>(std::move(socket), std::make_shared<io::ReceivePool>(block_bytes),
                                            frame_limit, keys_of("first"), tls::End::answering);
  connection->set_listener(&received);
  connection->start();
  tls::Stream stream(keys_of("second"), tls::End::dialing, sender.fd());
  while (!connection->secured()) {
    stream.readable();
    const tls::Progress progress = stream.handshake();
    LOCKSTEP_CHECK(progress == tls::Progress::done || progress == tls::Progress::wants_input, "both are members");
    let_work(context);
  }
  std::string sent;
  for (Input pieces(input); !pieces.empty();) {
    const std::size_t length = pieces.number8();
    const Buffer piece = pieces.take(length);
    if (piece.empty() || received.closed) continue;
    // The other end may have given the connection up already.
    if (stream.write(piece.bytes(), false) == tls::Progress::done) sent += piece.text();
    let_work(context);
  }
  const ExpectedFrames expected = expected_frames(sent);
  LOCKSTEP_CHECK(received.frames == expected.frames, "frames arrive as they were sent");
  LOCKSTEP_CHECK(received.closed == expected.refused, "a frame beyond the limit ends the connection, and nothing else");
  connection->set_listener(nullptr);
  connection->close();
  let_work(context);
  return expected.complete && !expected.frames.empty();
}

}  // namespace

const Target link_connection{"link_connection", accepts, frame_seeds, frame_seed_bytes_max, 200};

}  // namespace lockstep::fuzz
