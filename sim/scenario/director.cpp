#include "sim/scenario/director.h"

#include "engine/wire/codec.h"
#include "sim/workload/requests.h"

namespace lockstep::sim {

namespace {
/// First start, application and first resync, with the slowest of each.
constexpr Time come_up_max = 60 * one_second;
constexpr Time common_ground_max = 30 * one_second;
constexpr Time lone_work_max = 40 * one_second;
constexpr Time request_max = 20 * one_second;

Place other_end(Place from, io::Endpoint to) {
  switch (to) {
    case io::Endpoint::peer: return place_of(other(node_at(from)));
    case io::Endpoint::witness: return Place::witness;
    case io::Endpoint::first: return Place::first;
    case io::Endpoint::second: break;
  }
  return Place::second;
}

Wire wire_of(Way way) {
  if (way.from == Place::witness) return witness_wire(node_at(way.to));
  return way.to == Place::witness ? witness_wire(node_at(way.from)) : Wire::peers;
}

std::string text_of(Way way) { return std::string(to_string(way.from)) + " to " + std::string(to_string(way.to)); }
}  // namespace

Director::Director(World& world)
    : world_(world), register_(world), random_(Random::keyed(world.scenario().seed, "director")) {
  world.observers().add(register_);
  world.observers().add(*this);
}

bool Director::until(const Condition& condition, Time limit) {
  const Time end = now() + limit;
  while (!condition()) {
    if (!world_.scheduler().run_one(end)) return condition();
  }
  return true;
}

void Director::need(const std::string& what, const Condition& condition, Time limit) {
  if (!until(condition, limit)) throw NotReached{what};
  say("it has come about: " + what);
}

void Director::must(const char* invariant, const std::string& what, const Condition& condition, Time limit) {
  if (until(condition, limit)) return say("as it must be: " + what);
  throw Violation(invariant, "not within " + in_ms(limit) + ": " + what);
}

void Director::expect(const char* invariant, bool holds, const std::string& otherwise) {
  if (!holds) throw Violation(invariant, otherwise);
}

void Director::never(const char* invariant, const std::string& what, const Condition& condition, Time length) {
  if (until(condition, length)) throw Violation(invariant, what);
}

NodeId Director::come_up() {
  need(
      "both nodes are in sync after their first start", [this] { return in_sync(); }, come_up_max);
  return has_role(NodeId::first, engine::Role::prim) ? NodeId::first : NodeId::second;
}

void Director::need_common_ground() {
  need(
      "the nodes have a common checkpoint", [&] { return in_sync() && world_.have_common_ground(); },
      common_ground_max);
}

bool Director::has_role(NodeId id, engine::Role role) const {
  const Node& here = world_.node(id);
  if (!here.running()) return false;
  const engine::Status status = here.status();
  return status.role == role && status.readiness == engine::Readiness::ready;
}

bool Director::in_sync() const {
  for (const NodeId id : every_node) {
    if (has_role(id, engine::Role::prim) && has_role(other(id), engine::Role::second)) return true;
  }
  return false;
}

bool Director::serves(NodeId id) const { return world_.node(id).running() && world_.node(id).status().serves(); }

bool Director::joining(NodeId id) const {
  const Node& here = world_.node(id);
  if (!here.running()) return false;
  const engine::Status status = here.status();
  return status.role == engine::Role::second && status.readiness == engine::Readiness::transient;
}

void Director::need_alone(NodeId id, std::uint64_t more) {
  const std::string who(to_string(id));
  need(
      who + " is ALONE", [&] { return has_role(id, engine::Role::alone); }, lone_work_max);
  const std::uint64_t enough = acknowledged(id) + more;
  need(
      who + " has acknowledged alone", [&] { return acknowledged(id) >= enough; }, lone_work_max);
}

void Director::kill(Place place) {
  say(std::string(to_string(place)) + " is killed");
  world_.machine(place).stop(false);
}

void Director::kill_daemon(NodeId id) {
  say(std::string(to_string(id)) + "'s daemon is killed, its application waits");
  node(id).keep_service();
  node(id).stop(false);
}

void Director::power_off(Place place) {
  say(std::string(to_string(place)) + " loses power");
  world_.machine(place).stop(true);
}

void Director::crash(NodeId id) {
  if (random_.chance(50)) return kill(id);
  power_off(id);
}

void Director::start(Place place) {
  say(std::string(to_string(place)) + " is started");
  world_.machine(place).start();
}

void Director::freeze(Place place) {
  say(std::string(to_string(place)) + " is frozen");
  world_.machine(place).pause();
}

void Director::thaw(Place place) {
  say(std::string(to_string(place)) + " goes on");
  world_.machine(place).resume();
}

Cable& Director::cable(Way way) { return world_.cable(wire_of(way)); }

std::size_t Director::side_of(Way way) { return ends_of(wire_of(way))[0] == way.from ? 0 : 1; }

void Director::cut(Way way) {
  say("cut: " + text_of(way));
  cable(way).cut(side_of(way));
}

void Director::cut(Wire wire) {
  say("cut: " + std::string(to_string(wire)));
  world_.cable(wire).cut(0);
  world_.cable(wire).cut(1);
}

void Director::isolate(NodeId id) {
  cut(Wire::peers);
  cut(witness_wire(id));
}

void Director::heal(Wire wire) {
  say("mended: " + std::string(to_string(wire)));
  world_.cable(wire).heal();
}

void Director::heal_network() {
  for (const Wire wire : every_wire) heal(wire);
}

void Director::give(NodeId id, io::Verb verb, bool force) { world_.strike({now(), Order{id, {verb, force, false}}}); }

void Director::lose_frame(Way way, Matches matches, Time breaks_after_max) {
  const Time breaks_after = random_.between(0, breaks_after_max);
  at_frame(way, std::move(matches), [this, way, breaks_after] {
    say("lost with its connection: what " + text_of(way) + " sends now");
    cable(way).lose(side_of(way), breaks_after);
  });
}

void Director::at_frame(Way way, Matches matches, std::function<void()> then) {
  sprung_ = false;
  trap_ = Trap{way, std::move(matches), std::move(then)};
}

void Director::frame_sent(Place from, io::Endpoint to, const io::Frame& frame) {
  if (!trap_ || trap_->way.from != from || trap_->way.to != other_end(from, to)) return;
  const std::optional<engine::Message> message = engine::decode(engine::frame_bytes(frame));
  if (!message || !trap_->matches(*message)) return;
  const Trap trap = std::move(*trap_);
  trap_.reset();
  sprung_ = true;
  trap.then();
}

std::shared_ptr<const Director::Asked> Director::ask(NodeId id, const Operation& operation) {
  if (!node(id).mount().is_open()) throw NotReached{"the mount of " + std::string(to_string(id)) + " is open"};
  auto asked = std::make_shared<Asked>();
  asked->at = now();
  asked->request = world_.client().ask(id, operation, [this, asked](const std::optional<io::Reply>& reply) {
    asked->answered = reply.has_value();
    asked->aborted = !reply.has_value();
    asked->reply = reply.value_or(io::Reply{});
    asked->answered_at = now();
  });
  return asked;
}

io::Reply Director::done(NodeId id, const Operation& operation, Time limit) {
  const auto asked = ask(id, operation);
  until([&] { return asked->answered || asked->aborted; }, limit);
  if (!asked->answered || asked->reply.error != 0) throw NotReached{"answered with success: " + describe(operation)};
  return asked->reply;
}

FileId Director::new_file(NodeId id, const std::string& name, std::size_t bytes) {
  const FileId file = done(id, create_file(FileId::root(), name), request_max).file;
  constexpr std::size_t step_max = 64 << 10;
  for (std::size_t at = 0; at < bytes; at += step_max) {
    done(id, write_at(file, at, draw_bytes(std::min(step_max, bytes - at))), request_max);
  }
  return file;
}

Buffer Director::draw_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.below(256));
  return Buffer(std::move(bytes));
}

std::optional<Lsn> Director::ordered_as(RequestId request) const {
  const auto found = ordered_as_.find(request);
  return found == ordered_as_.end() ? std::nullopt : std::optional(found->second);
}

std::uint64_t Director::replicated(NodeId id, Lsn lsn) const {
  const auto found = replicated_[index_of(id)].find(lsn);
  return found == replicated_[index_of(id)].end() ? 0 : found->second;
}

void Director::traced(Place by, const io::TraceEvent& event) {
  if (const auto* note = std::get_if<io::Note>(&event)) {
    if (note->text.find("damaged") != std::string::npos) ++damaged_frames_[index_of(by)];
  }
  if (!is_node(by)) return;
  if (std::holds_alternative<io::RequestAcknowledged>(event)) {
    ++acknowledged_[index_of(by)];
  } else if (const auto* ordered = std::get_if<io::OperationOrdered>(&event)) {
    if (ordered->request.value != 0) ordered_as_[ordered->request] = ordered->lsn;
  } else if (const auto* replicated = std::get_if<io::OperationReplicated>(&event)) {
    ++replicated_[index_of(by)][replicated->lsn];
  } else if (const auto* began = std::get_if<io::ResyncBegan>(&event)) {
    compared_everything_[index_of(by)] = began->whole;
  } else if (const auto* ended = std::get_if<io::ResyncEnded>(&event)) {
    ++resyncs_[index_of(by)];
    bytes_copied_[index_of(by)] += ended->bytes_copied;
  }
}

void Director::stopped(Place place, bool /*power_lost*/) {
  if (is_node(place)) replicated_[index_of(place)].clear();
}

}  // namespace lockstep::sim
