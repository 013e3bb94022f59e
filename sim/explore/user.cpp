#include "sim/explore/user.h"

#include "sim/explore/catalogue.h"
#include "sim/world/world.h"

namespace lockstep::sim {

namespace {
constexpr Time think_time = 20 * one_us;
/// After requests at once: they have reached the other node, whose answers are still on their way.
constexpr Time swap_after = 30 * one_us;
constexpr Time retry_interval = 10 * one_ms;
/// Where a fault keeps the resync from beginning, the last request does not wait for it.
constexpr Time resync_awaited = 200 * one_ms;
}  // namespace

User::User(World& world, const ShortHistory& history) : world_(world), history_(history) {
  world_.observers().add(ear_);
}

void User::begin() { go_on(); }

// The requests before the last, or none, come before a rejoin; what remains comes during it.
void User::go_on() {
  const std::size_t before = history_.pace == Pace::in_turn ? history_.requests.size() - 1 : 0;
  if (history_.move == Move::rejoin && next_ >= before && !resync_seen_) return rejoin();
  ask();
}

void User::rejoin() {
  if (rejoin_begun_) return;
  rejoin_begun_ = true;
  world_.node(NodeId::second).start();
  world_.scheduler().at(world_.now() + resync_awaited, [this] {
    if (resync_seen_) return;
    resync_seen_ = true;
    ask();
  });
}

void User::hear(Place by, const io::TraceEvent& event) {
  if (const auto* decided = std::get_if<io::ConfigurationDecided>(&event)) {
    const bool both = decided->configuration.members == Members::both();
    if (history_.move == Move::swap ? swap_asked_ && decided->configuration.primary == NodeId::second
                                    : rejoin_begun_ && both) {
      moved_ = true;
    }
  }
  if (by != Place::second || !rejoin_begun_ || resync_seen_ || !std::holds_alternative<io::ResyncBegan>(event)) return;
  resync_seen_ = true;
  world_.scheduler().at(world_.now(), [this] { ask(); });
}

void User::swap() {
  for (const NodeId id : every_node) {
    Node& node = world_.node(id);
    if (node.running() && node.status().role == engine::Role::prim) {
      return node.console().give({io::Verb::swap, false, false});
    }
  }
}

void User::ask() {
  asking_ = false;
  while (next_ < history_.requests.size()) {
    Node* open = nullptr;
    for (const NodeId id : every_node) {
      if (open == nullptr && world_.node(id).mount().is_open()) open = &world_.node(id);
    }
    if (open == nullptr) {
      asking_ = true;
      return world_.scheduler().at(world_.now() + retry_interval, [this] { ask(); });
    }
    open->volume().identify_all();
    const auto operation = catalogue()[history_.requests[next_]].ask(open->volume().filesystem());
    const RequestId request(++next_);
    if (operation) {
      waiting_[request] = open->id();
      open->mount().request(request, *operation);
    }
    if (operation && history_.pace == Pace::in_turn) return;
  }
  if (history_.move == Move::swap && !swap_asked_) {
    swap_asked_ = true;
    world_.scheduler().at(world_.now() + swap_after, [this] { swap(); });
  }
}

void User::answered(RequestId request) {
  waiting_.erase(request);
  if (history_.pace == Pace::at_once || asking_) return;
  asking_ = true;
  world_.scheduler().at(world_.now() + think_time, [this] {
    asking_ = false;
    go_on();
  });
}

void User::replied(RequestId request, const io::Reply& reply) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  world_.observers().replied(found->second, request, reply);
  answered(request);
}

void User::aborted(RequestId request) {
  if (waiting_.contains(request)) answered(request);
}

}  // namespace lockstep::sim
