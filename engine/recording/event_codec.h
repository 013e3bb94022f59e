// The fields of an event, to bytes of a recording and back.
#pragma once

#include "engine/recording/record_archive.h"
#include "io/events.h"

#include <cstdint>
#include <optional>

namespace lockstep::recording {

/// Numbers of events (their index in io::Event) are below this; a recording has other uses for higher ones.
inline constexpr std::uint8_t event_numbers = 32;

/// Payloads stand there as the writer has it.
///
/// Of a frame its message is kept. Its checksum is not looked at, since the engine is about to do that: if the frame
/// turns out to be damaged, write_damaged_frame() replaces what was written.
void write_event(const io::Event& event, RecordWriter& writer);
void write_damaged_frame(const io::FrameArrived& event, RecordWriter& writer);

/// The event of that number; nothing if it is malformed. A damaged frame is given back as an empty one, which is
/// damaged too.
std::optional<io::Event> read_event(std::uint8_t number, RecordReader& reader);

}  // namespace lockstep::recording
