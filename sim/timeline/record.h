// What a timeline shows of a run: plain values, in the order in which they began. All times are true simulated times;
// what was still going on at the end of the run ends with it.
#pragma once

#include "engine/values/configuration.h"
#include "sim/scheduler.h"
#include "sim/world/place.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sim::timeline {

enum class Fate : std::uint8_t { delivered, lost, in_flight };

struct MessageSent {
  std::string kind;  ///< "heartbeat", "stream_operation", ...
  Place from, to;
  Time sent;
  Time delivered;  ///< of those delivered
  Fate fate;
  std::string text;
};

/// The state of one machine: that of its role machine, "running" (the witness) or "down".
struct Band {
  Place place;
  Time from, to;
  std::string state;
  std::string why;  ///< the event that led to it
};

/// Something that lasts on one machine: "lease", "writable", "application" or "resync".
struct Span {
  Place place;
  Time from, to;
  std::string_view kind;
  std::string text;
};

struct FaultSpan {
  Time from, to;  ///< equal where it is over at once
  std::string_view kind;
  std::vector<Place> places;
  std::string text;
};

/// A configuration, when the first of the machines learned that it is decided.
struct Decision {
  Time at;
  Place place;
  Configuration configuration;
};

/// Anything else that happens to one machine at one time.
struct Moment {
  Time at;
  Place place;
  std::string_view kind;  ///< "acknowledged", "decided", "vote", "link", "boot", "command", "note", "mark", ...
  std::string text;
};

struct Record {
  std::vector<MessageSent> messages;
  std::vector<Band> bands;
  std::vector<Span> spans;
  std::vector<FaultSpan> faults;
  std::vector<Decision> decisions;
  std::vector<Moment> moments;
  Time healed = -1;  ///< -1: the run did not come that far
  Time at_rest = -1;
};

}  // namespace lockstep::sim::timeline
