#include "engine/recording/recorder.h"

#include "engine/recording/event_codec.h"
#include "engine/values/check.h"
#include "engine/wire/codec.h"

#include <utility>

namespace lockstep::recording {

namespace {
/// What a block has usually grown to when it is sealed.
constexpr std::size_t block_bytes_expected = std::size_t{72} << 10U;
}  // namespace

void Recorder::open_block() {
  if (!writer_.bytes.empty()) return;
  writer_.bytes.reserve(block_bytes_expected);
  writer_(events_, at_);
}

void Recorder::begin(Instant now, const io::Event& event) {
  LOCKSTEP_CHECK(!stepping_, "an engine takes one step at a time");
  open_block();
  stepping_ = true;
  ++events_;
  calls_before_ = decisions_.calls();
  event_offset_ = writer_.bytes.size();
  writer_.raw(event.index(), 1);
  writer_((now - at_).ns);
  at_ = now;
  fields_offset_ = writer_.bytes.size();
  write_event(event, writer_);
  if (const auto* frame = std::get_if<io::FrameArrived>(&event)) {
    frame_ = *frame;
    frame_pending_ = true;
  }
}

void Recorder::end(bool given_up) {
  // The engine gives up the connection on which a damaged frame came. Only then it is worth while to look again.
  if (frame_pending_) {
    if (given_up && !engine::decode(frame_.frame)) {
      writer_.bytes.resize(fields_offset_);
      write_damaged_frame(frame_, writer_);
    }
    frame_pending_ = false;
    frame_.frame = {};
  }
  writer_(decisions_.calls() - calls_before_);
  writer_.raw(short_hash(decisions_.value()), 2);
  stepping_ = false;
}

void Recorder::end_life() {
  open_block();
  writer_.raw(static_cast<std::uint64_t>(RecordKind::end_of_life), 1);
}

std::vector<std::byte> Recorder::seal() {
  if (empty()) return {};
  if (stepping_) writer_.bytes[event_offset_] |= static_cast<std::byte>(unfinished_bit);
  writer_.raw(static_cast<std::uint64_t>(RecordKind::end_of_block), 1);
  writer_.raw(decisions_.value(), 8);
  writer_(decisions_.calls());
  return std::exchange(writer_.bytes, {});
}

}  // namespace lockstep::recording
