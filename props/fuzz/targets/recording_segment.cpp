// A segment file: the input is the contents of its blocks, which are framed as they should be.
#include "engine/recording/block.h"
#include "engine/recording/recorder.h"
#include "engine/recording/segment_reader.h"
#include "engine/values/check.h"
#include "props/fuzz/input.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

#include <string>

namespace lockstep::fuzz {

namespace {

constexpr std::uint64_t life = 0xC0FFEE;

void read_all(const Buffer& file, bool& whole) {
  recording::SegmentReader reader(file);
  if (!reader.error().empty()) return;
  const recording::SegmentHeader& header = reader.header();
  const Buffer encoded = recording::encode(header);
  const auto again = recording::decode_header(encoded);
  LOCKSTEP_CHECK(again && recording::encode(*again) == encoded, "a segment's header comes back");
  std::uint64_t number = header.position.events;
  Instant at = header.position.at;
  while (const auto record = reader.next()) {
    const auto* event = std::get_if<recording::RecordedEvent>(&*record);
    if (event == nullptr) continue;
    LOCKSTEP_CHECK(event->number == ++number, "events are numbered one by one");
    LOCKSTEP_CHECK(event->at >= at, "time does not go back");
    at = event->at;
  }
  LOCKSTEP_CHECK(!reader.next(), "behind the end there is nothing");
  whole = reader.ending() == recording::SegmentReader::Ending::whole && reader.bytes_left() == 0;
}

bool accepts(const Buffer& input) {
  std::vector<std::byte> file = recording::file_header(life);
  recording::BlockFramer framer(life);
  std::uint64_t number = 0;
  for (Input blocks(input); !blocks.empty();) {
    const std::size_t length = blocks.number16();
    const Buffer contents = blocks.take(length);
    if (contents.empty()) continue;
    const auto block = framer.frame(number++, contents.bytes());
    file.insert(file.end(), block.begin(), block.end());
  }
  bool whole = false;
  read_all(Buffer(std::move(file)), whole);
  return whole;
}

std::string with_length(std::span<const std::byte> contents) {
  std::string bytes{static_cast<char>(contents.size() & 0xFFU), static_cast<char>(contents.size() >> 8U)};
  for (const std::byte byte : contents) bytes += static_cast<char>(byte);
  return bytes;
}

Buffer seed(recording::Payloads payloads) {
  recording::SegmentHeader header;
  header.life.life = life;
  header.life.payloads = payloads;
  header.life.module = "data";
  std::string bytes = with_length(recording::encode(header).bytes());
  recording::Recorder recorder(payloads, recording::ElisionKey{77});
  std::int64_t at = 0;
  for (const io::Event& event : sample_events()) {
    recorder.begin(Instant{at += 1000}, event);
    recorder.decisions().begin(recording::Call::scan);
    recorder.end(false);
    if (event.index() % 6 == 5) bytes += with_length(recorder.seal());
  }
  recorder.end_life();
  return Buffer::copy_of(bytes + with_length(recorder.seal()));
}

std::vector<Buffer> seeds() { return {seed(recording::Payloads::elided), seed(recording::Payloads::full)}; }

}  // namespace

const Target recording_segment{"recording_segment", accepts, seeds, 2048, 3'000};

}  // namespace lockstep::fuzz
