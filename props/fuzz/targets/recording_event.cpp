// An event of a recording, with payloads and without.
#include "engine/recording/event_codec.h"
#include "engine/values/check.h"
#include "props/fuzz/input.h"
#include "props/fuzz/samples.h"
#include "props/fuzz/targets.h"

namespace lockstep::fuzz {

namespace {

using recording::Payloads;

Buffer written(const io::Event& event, Payloads payloads) {
  recording::RecordWriter writer(payloads, recording::ElisionKey{77});
  recording::write_event(event, writer);
  return Buffer(std::move(writer.bytes));
}

std::optional<io::Event> read(std::uint8_t number, const Buffer& bytes, Payloads payloads) {
  recording::RecordReader reader(bytes, payloads);
  auto event = recording::read_event(number, reader);
  return event && reader.at_end() ? std::move(event) : std::nullopt;
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const std::uint8_t number = parts.number8();
  const auto payloads = static_cast<Payloads>(parts.number8() & 1U);
  const auto event = read(number, parts.rest(), payloads);
  if (!event) return false;
  LOCKSTEP_CHECK(event->index() == number, "an event is of the kind that its number says");
  Buffer once = written(*event, Payloads::full);
  auto again = read(number, once, Payloads::full);
  if (again && std::holds_alternative<io::FrameArrived>(*event)) {
    // Of a damaged frame nothing comes back: from then on it is an empty one.
    once = written(*again, Payloads::full);
    again = read(number, once, Payloads::full);
  }
  LOCKSTEP_CHECK(again && written(*again, Payloads::full) == once, "an event comes back");
  return true;
}

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  for (const io::Event& event : sample_events()) {
    for (const Payloads payloads : {Payloads::elided, Payloads::full}) {
      std::string bytes{static_cast<char>(event.index()), static_cast<char>(payloads)};
      bytes += written(event, payloads).text();
      all.push_back(Buffer::copy_of(bytes));
    }
  }
  return all;
}

}  // namespace

const Target recording_event{"recording_event", accepts, seeds, 512, 14'000};

}  // namespace lockstep::fuzz
