// One thing that happened to a module and that people may want to know later: a line of its timeline.
#pragma once

#include "prod/events/event_kind.h"

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace lockstep::prod {

struct ModuleEvent {
  EventKind kind = EventKind::daemon;
  std::string name;           ///< what happened, for programs: "role_changed", "protection_lost"
  std::string text;           ///< the same in a sentence, for people
  std::int64_t time_ms = 0;   ///< wall clock, milliseconds since 1970
  std::uint64_t number = 0;   ///< rises by one from event to event of the module on this node, over restarts
  boost::json::object facts;  ///< figures and names that belong to it
};

/// One line of JSON, without its end.
std::string encode(const ModuleEvent& event);
boost::json::object to_json(const ModuleEvent& event);
/// Nothing if the line is none of ours: torn by a crash, for instance.
std::optional<ModuleEvent> decode_event(const std::string& line);

}  // namespace lockstep::prod
