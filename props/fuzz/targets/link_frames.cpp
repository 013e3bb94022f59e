// The bytes that come out of TLS on a link, in pieces of any length: the frames that come out are those that went in.
#include "engine/values/check.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"
#include "props/fuzz/targets/frame_bytes.h"

#include <algorithm>
#include <cstring>

namespace lockstep::fuzz {

namespace {

bool accepts(const Buffer& input) {
  static const auto pool = std::make_shared<io::ReceivePool>(block_bytes);
  io::FrameReader reader(pool, frame_limit);
  std::vector<Buffer> frames;  // slices of blocks: what comes later must not change them
  std::string sent;
  for (Input pieces(input); !pieces.empty() && reader.error().empty();) {
    const std::size_t length = pieces.number8();
    const Buffer piece = pieces.take(length);
    for (std::size_t at = 0; at < piece.size() && reader.error().empty();) {
      const std::span<std::byte> room = reader.room();
      LOCKSTEP_CHECK(!room.empty(), "there is always room for more");
      const std::size_t size = std::min(room.size(), piece.size() - at);
      std::memcpy(room.data(), piece.data() + at, size);
      sent += piece.text().substr(at, size);
      at += size;
      reader.received(size);
      while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    }
  }
  const ExpectedFrames expected = expected_frames(sent);
  LOCKSTEP_CHECK(std::equal(frames.begin(), frames.end(), expected.frames.begin(), expected.frames.end(),
                            [](const Buffer& frame, const std::string& text) { return frame.text() == text; }),
                 "frames arrive as they were sent");
  LOCKSTEP_CHECK(reader.error().empty() == !expected.refused, "a frame beyond the limit is refused, and nothing else");
  return expected.complete && !expected.frames.empty();
}

}  // namespace

const Target link_frames{"link_frames", accepts, frame_seeds, frame_seed_bytes_max, 15'000};

}  // namespace lockstep::fuzz
