#include "sim/workload/client.h"

#include "sim/world/world.h"

namespace lockstep::sim {

namespace {
constexpr Time retry_max = 200 * one_ms;
constexpr std::uint32_t burst_percent = 40;  ///< of the turns follow their reply at once
}  // namespace

Client::Client(World& world, Random random) : world_(world), random_(random), source_(random_.fork(), world.mix()) {}

void Client::begin(Time at, std::uint32_t operations, Time length) {
  const std::uint32_t workers = world_.mix().requests_at_once;
  think_time_ = length / operations * workers * 100 / (100 - burst_percent);
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    world_.scheduler().at(at + random_.between(0, think_time_), [this, worker] { take_turn(worker); });
  }
}

void Client::next_turn(std::uint32_t worker) {
  if (finished_) return;
  const Time think = random_.chance(burst_percent) ? random_.between(1, one_ms) : random_.between(1, 2 * think_time_);
  world_.scheduler().at(world_.now() + think, [this, worker] { take_turn(worker); });
}

// Two mounts may be open where an old primary has not noticed yet that it is none.
Node* Client::open_node() {
  const NodeId preferred = random_.pick(std::array{NodeId::first, NodeId::second});
  for (const NodeId id : {preferred, other(preferred)}) {
    if (world_.node(id).mount().is_open()) return &world_.node(id);
  }
  return nullptr;
}

void Client::take_turn(std::uint32_t worker) {
  if (finished_) return;
  Node* node = open_node();
  if (node == nullptr) {
    world_.scheduler().at(world_.now() + random_.between(one_ms, retry_max), [this, worker] { take_turn(worker); });
    return;
  }
  node->volume().identify_all();
  const Operation operation = source_.draw(node->volume().filesystem());
  const RequestId request(++last_request_);
  waiting_[request] = {worker, node->id()};
  node->mount().request(request, operation);
}

void Client::replied(RequestId request, const io::Reply& reply) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  world_.observers().replied(waiting.node, request, reply);
  next_turn(waiting.worker);
}

void Client::aborted(RequestId request) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  next_turn(waiting.worker);
}

}  // namespace lockstep::sim
