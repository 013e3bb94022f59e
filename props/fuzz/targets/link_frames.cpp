// What a member of the cluster says on a connection, in records of any length: the frames that come out are those that
// went in. (Others do not get so far: TLS is OpenSSL's matter.)
#include "engine/values/check.h"
#include "io/asio/frame_connection.h"
#include "io/linux/object_descriptor.h"
#include "io/tls/testing/credentials.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>

namespace lockstep::fuzz {

namespace {

constexpr std::size_t frame_limit = 600;
/// So small that frames cross from one block to the next.
constexpr std::size_t block_bytes = 4500;
constexpr std::size_t prefix_bytes = 4;

struct Received : io::FrameConnection::Listener {
  std::vector<std::string> frames;
  bool closed = false;
  void on_frame(io::FrameConnection& /*connection*/, Buffer frame) override { frames.emplace_back(frame.text()); }
  void on_closed(io::FrameConnection& /*connection*/, const std::string& /*reason*/) override { closed = true; }
};

/// What is to come of the bytes. `refused`: a frame is too long.
struct Expected {
  std::vector<std::string> frames;
  bool refused = false;
  bool complete = false;
};
Expected expected_of(const std::string& bytes) {
  Expected expected;
  std::size_t at = 0;
  while (bytes.size() - at >= prefix_bytes) {
    std::size_t length = 0;
    for (std::size_t i = prefix_bytes; i-- > 0;) length = length << 8U | static_cast<unsigned char>(bytes[at + i]);
    expected.refused = length > frame_limit;
    if (expected.refused || bytes.size() - at - prefix_bytes < length) break;
    expected.frames.push_back(bytes.substr(at + prefix_bytes, length));
    at += prefix_bytes + length;
  }
  expected.complete = at == bytes.size();
  return expected;
}

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
  const Expected expected = expected_of(sent);
  LOCKSTEP_CHECK(received.frames == expected.frames, "frames arrive as they were sent");
  LOCKSTEP_CHECK(received.closed == expected.refused, "a frame beyond the limit ends the connection, and nothing else");
  connection->set_listener(nullptr);
  connection->close();
  let_work(context);
  return expected.complete && !expected.frames.empty();
}

std::string frame_of(const std::string& contents) {
  std::string bytes;
  for (std::size_t i = 0; i < prefix_bytes; ++i) bytes += static_cast<char>(contents.size() >> (8 * i) & 0xFFU);
  return bytes + contents;
}

Buffer in_pieces(const std::string& bytes, std::size_t length) {
  std::string pieces;
  for (std::size_t at = 0; at < bytes.size(); at += length) {
    const std::string piece = bytes.substr(at, length);
    pieces += static_cast<char>(piece.size());
    pieces += piece;
  }
  return Buffer::copy_of(pieces);
}

std::vector<Buffer> seeds() {
  const std::string frames = frame_of("hello") + frame_of("") + frame_of(std::string(500, 'x')) + frame_of("end");
  std::string many;
  while (many.size() < 2 * block_bytes) many += frame_of(std::string(frame_limit, 'y'));
  return {in_pieces(frames, 255), in_pieces(frames, 3), in_pieces(many, 250)};
}

}  // namespace

const Target link_frames{"link_frames", accepts, seeds, 12'000};

}  // namespace lockstep::fuzz
