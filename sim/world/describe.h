// Readable lines of what happens, for the event log.
#pragma once

#include "engine/wire/message.h"
#include "io/events.h"
#include "io/trace.h"

#include <string>
#include <string_view>

namespace lockstep::sim {

std::string name_of(io::Endpoint endpoint);
std::string name_of(io::TimerId timer);
/// A frame by the message in it.
std::string describe_frame(const Buffer& frame);
/// "heartbeat", "stream_operation", ...
std::string_view name_of(const engine::Message& message);
/// Its name, and the parts that a reader of a log wants to see.
std::string describe_message(const engine::Message& message);
std::string describe_event(const io::Event& event);
std::string describe_trace(const io::TraceEvent& event);

}  // namespace lockstep::sim
