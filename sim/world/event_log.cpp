#include "sim/world/event_log.h"

#include "sim/faults/fault.h"
#include "sim/world/describe.h"

#include <cstdio>
#include <cstring>
#include <string>

namespace lockstep::sim {

void EventLog::line(std::string_view place, std::string_view mark, const std::string& text) {
  char stamp[32];
  std::snprintf(stamp, sizeof stamp, "%12.6f ",
                static_cast<double>(scheduler_.now()) / static_cast<double>(one_second));
  out_ << stamp << place << std::string(8 - place.size(), ' ') << mark << ' ';
  for (const char c : text) out_ << (c == '\n' ? ' ' : c);
  out_ << '\n';
}

void EventLog::delivering(Place to, const io::Event& event) { line(to_string(to), "<", describe_event(event)); }
void EventLog::traced(Place by, const io::TraceEvent& event) { line(to_string(by), " *", describe_trace(event)); }
void EventLog::replied(NodeId node, RequestId request, const io::Reply& reply) {
  line(to_string(node), " >",
       "reply " + std::to_string(request.value) +
           (reply.error == 0 ? std::string(" ok") : std::string(" ") + std::strerror(reply.error)));
}
void EventLog::stopped(Place place, bool power_lost) {
  line(to_string(place), "!", power_lost ? "loses power" : "process killed");
}
void EventLog::faulted(const Fault& fault) { line("fault", "#", fault.text()); }
void EventLog::directed(const std::string& text) { line("script", "#", text); }
void EventLog::healed() { line("all", "=", "healed"); }
void EventLog::at_rest() { line("all", "=", "at rest"); }

}  // namespace lockstep::sim
