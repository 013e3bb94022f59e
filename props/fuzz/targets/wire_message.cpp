// What the other node or the witness says. The checksum is made right, so that inputs get past it.
#include "engine/values/check.h"
#include "engine/wire/codec.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

#include <cstring>

namespace lockstep::fuzz {

namespace {

constexpr std::size_t checksum_bytes = 4;

/// `input` is the frame behind its checksum, which covers head and body each on its own.
Buffer sealed(const Buffer& input) {
  std::size_t coded = 0;
  if (input.size() >= 2) {
    coded = std::to_integer<std::size_t>(input.data()[0]) | std::to_integer<std::size_t>(input.data()[1]) << 8U;
  }
  const bool has_body = coded >= checksum_bytes && coded - checksum_bytes <= input.size();
  const std::size_t head = has_body ? coded - checksum_bytes : input.size();
  return engine::join_frame(input.bytes().first(head), input.bytes().subspan(head));
}

bool accepts(const Buffer& input) {
  engine::message_number(input.bytes());
  engine::decode(input);
  const Buffer frame = sealed(input);
  if (const auto parts = engine::frame_parts(frame)) {
    LOCKSTEP_CHECK(engine::join_frame(parts->head.bytes(), parts->body.bytes()) == frame,
                   "a frame is its head and its body");
  }
  const std::optional<engine::Message> message = engine::decode(frame);
  if (!message) return false;
  LOCKSTEP_CHECK(engine::message_number(frame.bytes()) == message->index(), "a frame says which message it is");
  LOCKSTEP_CHECK(engine::frame_bytes(engine::encode(*message)) == frame, "a message has one encoding");
  return true;
}

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  for (const engine::Message& message : sample_messages()) {
    const Buffer frame = engine::frame_bytes(engine::encode(message));
    all.push_back(frame.slice(checksum_bytes, frame.size() - checksum_bytes));
  }
  return all;
}

}  // namespace

const Target wire_message{"wire_message", accepts, seeds, 1024, 10'000};

}  // namespace lockstep::fuzz
