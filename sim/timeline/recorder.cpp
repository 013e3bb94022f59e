#include "sim/timeline/recorder.h"

#include "engine/wire/codec.h"
#include "sim/faults/fault.h"
#include "sim/overloaded.h"
#include "sim/world/describe.h"

#include <algorithm>
#include <limits>

namespace lockstep::sim::timeline {

namespace {

constexpr std::string_view lease_span = "lease";
constexpr std::string_view writable_span = "writable";
constexpr std::string_view application_span = "application";
constexpr std::string_view resync_span = "resync";

/// One machine's end of a cable.
struct CableEnd {
  Wire wire;
  std::size_t side;  ///< as the cable has it
  Place other;

  [[nodiscard]] std::size_t outgoing() const { return 2 * index_of(wire) + side; }
  [[nodiscard]] std::size_t incoming() const { return 2 * index_of(wire) + (1 - side); }
};

/// The other machines, as one machine names them.
std::array<io::Endpoint, 2> endpoints_of(Place place) {
  if (place == Place::witness) return {io::Endpoint::first, io::Endpoint::second};
  return {io::Endpoint::peer, io::Endpoint::witness};
}

CableEnd cable_end(Place place, io::Endpoint endpoint) {
  if (place == Place::witness) {
    const NodeId node = endpoint == io::Endpoint::first ? NodeId::first : NodeId::second;
    return {witness_wire(node), 1, place_of(node)};
  }
  const NodeId node = node_at(place);
  if (endpoint == io::Endpoint::witness) return {witness_wire(node), 0, Place::witness};
  return {Wire::peers, index_of(place), place_of(other(node))};
}

/// How long the trouble lasts: 0 where it is over at once.
Time length_of(const Fault& fault) {
  return std::visit(
      [](const auto& unit) -> Time {
        Time length = 0;
        if constexpr (requires { unit.length; }) length += unit.length;
        if constexpr (requires { unit.age; }) length += unit.age;
        if constexpr (requires { unit.down; }) length += unit.down;
        return length;
      },
      fault.what);
}

std::string epoch_text(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }

}  // namespace

Recorder::Recorder(World& world) : world_(world) {
  for (const Place place : every_place) enter(place, "down", "not started yet");
}

Record Recorder::finish(Time end) {
  for (Band& band : record_.bands) band.to = std::min(band.to, end);
  for (Span& span : record_.spans) span.to = std::min(span.to, end);
  for (FaultSpan& fault : record_.faults) fault.to = std::min(fault.to, end);
  return std::move(record_);
}

void Recorder::frame_sent(Place from, io::Endpoint to, const io::Frame& frame) {
  const CableEnd cable = cable_end(from, to);
  const auto message = engine::decode(engine::frame_bytes(frame));
  const std::uint64_t connection = world_.cable(cable.wire).connection(cable.side);
  on_the_way_[cable.outgoing()].push_back({connection, record_.messages.size()});
  record_.messages.push_back({message ? std::string(name_of(*message)) : "unreadable", from, cable.other, now(), now(),
                              Fate::in_flight, message ? describe_message(*message) : "unreadable frame"});
}

// Within a connection frames arrive in order.
void Recorder::arrived(Place to, io::Endpoint from) {
  const Direction direction = cable_end(to, from).incoming();
  auto& queue = on_the_way_[direction];
  LOCKSTEP_CHECK(!queue.empty() && queue.front().connection == connection_[direction], "what arrives was sent");
  MessageSent& message = record_.messages[queue.front().message];
  message.fate = Fate::delivered;
  message.delivered = now();
  queue.pop_front();
}

void Recorder::connection_begins(Place to, io::Endpoint from) {
  const CableEnd cable = cable_end(to, from);
  connection_[cable.incoming()] = world_.cable(cable.wire).connection(cable.side);
  lose(cable.incoming(), connection_[cable.incoming()] - 1);
}

void Recorder::connection_ends(Place to, io::Endpoint from) {
  const Direction direction = cable_end(to, from).incoming();
  lose(direction, connection_[direction]);
}

void Recorder::lose(Direction direction, std::uint64_t up_to) {
  auto& queue = on_the_way_[direction];
  while (!queue.empty() && queue.front().connection <= up_to) {
    record_.messages[queue.front().message].fate = Fate::lost;
    queue.pop_front();
  }
}

void Recorder::delivering(Place to, const io::Event& event) {
  std::visit(Overloaded{
                 [&](const io::FrameArrived& e) { arrived(to, e.endpoint); },
                 [&](const io::LinkUp& e) {
                   connection_begins(to, e.endpoint);
                   note(to, "link", describe_event(event));
                 },
                 [&](const io::LinkDown& e) {
                   connection_ends(to, e.endpoint);
                   note(to, "link", describe_event(event));
                 },
                 [&](const io::Booted&) { note(to, "boot", describe_event(event)); },
                 [&](const io::CommandGiven&) { note(to, "command", describe_event(event)); },
                 [](const auto&) {},
             },
             event);
}

void Recorder::traced(Place by, const io::TraceEvent& event) {
  std::visit(Overloaded{
                 [&](const io::RoleChanged& e) {
                   if (e.from != e.to) enter(by, e.to, e.event);
                   note(by, "role", describe_trace(event));
                 },
                 [&](const io::UnknownTransition&) { note(by, "unknown", describe_trace(event)); },
                 [&](const io::VoteCast&) { note(by, "vote", describe_trace(event)); },
                 [&](const io::ConfigurationDecided& e) { decided(by, e.configuration); },
                 [&](const io::LeaseHeld& e) { hold_lease(by, e); },
                 [&](const io::WritableChanged& e) {
                   end(by, writable_span);
                   if (e.writable) begin(by, writable_span, epoch_text(e.epoch));
                 },
                 [&](const io::OperationOrdered&) { note(by, "ordered", describe_trace(event)); },
                 [&](const io::OperationReplicated&) { note(by, "replicated", describe_trace(event)); },
                 [&](const io::ContentsLetGo&) { note(by, "contents let go", describe_trace(event)); },
                 [&](const io::RequestAcknowledged&) { note(by, "acknowledged", describe_trace(event)); },
                 [&](const io::ApplicationStarting& e) { begin(by, application_span, epoch_text(e.epoch)); },
                 [&](const io::ApplicationStopped&) { end(by, application_span); },
                 [&](const io::ResyncBegan& e) { begin(by, resync_span, "from " + std::to_string(e.lsn.value)); },
                 [&](const io::ResyncEnded&) {
                   end(by, resync_span);
                   note(by, "resync", describe_trace(event));
                 },
                 [&](const io::VerifyBegan&) { note(by, "verify", describe_trace(event)); },
                 [&](const io::MismatchFound&) { note(by, "verify", describe_trace(event)); },
                 [&](const io::VersionOverwritten&) { note(by, "verify", describe_trace(event)); },
                 [&](const io::VerifyEnded&) { note(by, "verify", describe_trace(event)); },
                 [&](const io::CheckActed&) { note(by, "check", describe_trace(event)); },
                 [&](const io::Mark&) { note(by, "mark", describe_trace(event)); },
                 [&](const io::Note&) { note(by, "note", describe_trace(event)); },
             },
             event);
}

void Recorder::faulted(const Fault& fault) {
  record_.faults.push_back({now(), now() + length_of(fault),
                            std::visit([](const auto& unit) { return unit.kind; }, fault.what), fault.where(),
                            fault.text()});
}

void Recorder::healed() {
  record_.healed = now();
  for (FaultSpan& fault : record_.faults) fault.to = std::min(fault.to, now());
}

void Recorder::disk_exchanged(Place place) { note(place, "disk", "its disk is exchanged for another one"); }

void Recorder::at_rest() { record_.at_rest = now(); }

void Recorder::started(Place place) {
  enter(place, is_node(place) ? "Stopped" : "running", "started");  // where every role machine begins
}

void Recorder::stopped(Place place, bool power_lost) {
  const std::string_view why = power_lost ? "lost power" : "killed";
  for (const std::string_view kind : {writable_span, application_span, resync_span}) end(place, kind);
  if (const auto lease = open_.find({place, lease_span}); lease != open_.end()) {
    Span& span = record_.spans[lease->second];
    span.to = std::min(span.to, now());
    open_.erase(lease);
  }
  for (const io::Endpoint endpoint : endpoints_of(place)) connection_ends(place, endpoint);
  note(place, "stop", std::string(why));
  enter(place, "down", why);
}

void Recorder::enter(Place place, std::string_view state, std::string_view why) {
  std::size_t& present = band_[index_of(place)];
  const bool first = now() == 0 && record_.bands.size() < every_place.size();
  if (!first) record_.bands[present].to = now();
  // A resync that the role machine gave up has no end of its own.
  if (state != "Joining" && state != "Secondary") end(place, resync_span);
  present = record_.bands.size();
  record_.bands.push_back({place, now(), std::numeric_limits<Time>::max(), std::string(state), std::string(why)});
}

void Recorder::begin(Place place, std::string_view kind, std::string text) {
  end(place, kind);
  open_[{place, kind}] = record_.spans.size();
  record_.spans.push_back({place, now(), std::numeric_limits<Time>::max(), kind, std::move(text)});
}

void Recorder::end(Place place, std::string_view kind) {
  const auto found = open_.find({place, kind});
  if (found == open_.end()) return;
  record_.spans[found->second].to = now();
  open_.erase(found);
}

void Recorder::note(Place place, std::string_view kind, std::string text) {
  record_.moments.push_back({now(), place, kind, std::move(text)});
}

void Recorder::hold_lease(Place place, const io::LeaseHeld& lease) {
  const Time until = world_.machine(place).true_time(lease.until);
  const auto found = open_.find({place, lease_span});
  const std::string text = epoch_text(lease.epoch);
  if (found != open_.end()) {
    Span& span = record_.spans[found->second];
    if (span.to >= now() && span.text == text) {
      span.to = until;
      return;
    }
    open_.erase(found);
  }
  begin(place, lease_span, text);
  record_.spans.back().to = until;
}

void Recorder::decided(Place place, const Configuration& configuration) {
  note(place, "decided", "learns: " + describe(configuration));
  const bool known = std::any_of(record_.decisions.begin(), record_.decisions.end(),
                                 [&](const Decision& decision) { return decision.configuration == configuration; });
  if (!known) record_.decisions.push_back({now(), place, configuration});
}

}  // namespace lockstep::sim::timeline
