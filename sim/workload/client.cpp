#include "sim/workload/client.h"

#include "sim/world/world.h"

#include <algorithm>

namespace lockstep::sim {

namespace {
constexpr Time retry_max = 200 * one_ms;
constexpr std::uint32_t burst_percent = 40;  ///< of the turns follow their reply at once
}  // namespace

Client::Client(World& world) : world_(world), source_(world.mix()), workers_(world.mix().requests_at_once) {}

void Client::begin(Time at, std::uint32_t operations, Time length) {
  if (operations == 0) return;
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  think_time_ = length / operations * workers * 100 / (100 - burst_percent);
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    prepare_turn(worker);
    const Time first = workers_[worker].pauses.between(0, think_time_);
    world_.scheduler().at(at + first, [this, worker] { take_turn(worker); });
  }
}

void Client::prepare_turn(std::uint32_t worker) {
  Worker& self = workers_[worker];
  Random numbers = Random::keyed(world_.scenario().seed, "turn", std::uint64_t{worker} << 32U | self.turn);
  self.pauses = numbers.fork();
  self.operation = numbers.fork();
}

void Client::next_turn(std::uint32_t worker) {
  if (finished_) return;
  ++workers_[worker].turn;
  prepare_turn(worker);
  Random& pauses = workers_[worker].pauses;
  const Time think = pauses.chance(burst_percent) ? pauses.between(1, one_ms) : pauses.between(1, 2 * think_time_);
  world_.scheduler().at(world_.now() + think, [this, worker] { take_turn(worker); });
}

// Two mounts may be open where an old primary has not noticed yet that it is none.
Node* Client::open_node(Random& random) {
  const NodeId preferred = random.pick(std::array{NodeId::first, NodeId::second});
  for (const NodeId id : {preferred, other(preferred)}) {
    const SimMount& mount = world_.node(id).mount();
    if (mount.is_open() || mount.is_held()) return &world_.node(id);
  }
  return nullptr;
}

bool Client::left_out(std::uint32_t worker) const {
  const std::vector<Turns>& all = world_.scenario().left_out;
  return std::any_of(all.begin(), all.end(),
                     [&](const Turns& turns) { return turns.contains(worker, workers_[worker].turn); });
}

void Client::take_turn(std::uint32_t worker) {
  if (finished_) return;
  Worker& self = workers_[worker];
  Node* node = open_node(self.pauses);
  if (node == nullptr) {
    const Time pause = self.pauses.between(one_ms, retry_max);
    world_.scheduler().at(world_.now() + pause, [this, worker] { take_turn(worker); });
    return;
  }
  if (left_out(worker)) return next_turn(worker);
  node->volume().identify_all();
  const Operation operation = source_.draw(self.operation, node->volume().filesystem());
  const RequestId request(++last_request_);
  waiting_[request] = {worker, node->id(), {}};
  world_.observers().requested(node->id(), request);
  node->mount().request(request, operation);
}

std::vector<std::uint32_t> Client::turns_taken() const {
  std::vector<std::uint32_t> taken;
  for (const Worker& worker : workers_) taken.push_back(worker.turn + 1);
  return taken;
}

RequestId Client::ask(NodeId node, const Operation& operation, Answered answered) {
  const RequestId request(++last_request_);
  waiting_[request] = {0, node, std::move(answered)};
  world_.node(node).volume().identify_all();
  world_.observers().requested(node, request);
  world_.node(node).mount().request(request, operation);
  return request;
}

void Client::replied(RequestId request, const io::Reply& reply) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  world_.observers().replied(waiting.node, request, reply);
  if (waiting.answered) return waiting.answered(reply);
  next_turn(waiting.worker);
}

void Client::aborted(RequestId request) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  world_.observers().aborted(waiting.node, request);
  if (waiting.answered) return waiting.answered(std::nullopt);
  next_turn(waiting.worker);
}

}  // namespace lockstep::sim
