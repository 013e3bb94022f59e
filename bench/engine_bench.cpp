// The engine's hot paths alone, on one core: operations a second, and what each allocates, copies and sends.
#include "bench/counted.h"
#include "bench/prompt_ports.h"
#include "engine/node_engine.h"
#include "engine/recording/recorder.h"
#include "engine/recording/taps.h"
#include "engine/wire/codec.h"

#include <optional>

#include <benchmark/benchmark.h>

namespace lockstep::bench {
namespace {

Operation small_write() {
  Operation write{.kind = OperationKind::write};
  write.file = {1, 2};
  write.offset = 123'456'789;
  write.attributes.mask = attribute_mtime;
  write.attributes.mtime_ns = 1'790'000'000'123'456'789;
  write.data = Buffer(std::vector<std::byte>(4096, std::byte{7}));
  return write;
}

engine::Settings settings_of(NodeId node) {
  engine::Settings settings;
  settings.self = node;
  return settings;
}

/// An engine and its surroundings; with `recorded`, between the flight recorder's taps.
class BenchedNode {
 public:
  explicit BenchedNode(NodeId id, bool recorded = false)
      : recorder_(recording::Payloads::elided, {1}),
        taps_(ports.ports(), recorder_.decisions()),
        recorded_(recorded),
        engine(settings_of(id), recorded ? taps_.ports() : ports.ports()) {
    engine::JournalRecord journal;
    journal.remembers = true;  // a lone node need not hear the other first
    ports.post(io::Booted{encode(journal), true, static_cast<std::uint64_t>(id), static_cast<std::uint64_t>(id) + 1});
    ports.post(io::Indexed{});
    ports.post(io::LinkUp{io::Endpoint::witness});
  }

  /// Whether there was anything to do.
  bool step(Instant now) {
    if (ports.events.empty()) return false;
    if (!recorded_) {
      engine.step(now, ports.take());
      return true;
    }
    recorded_step(engine, taps_, recorder_, now, ports.take());
    if (recorder_.pending_bytes() > std::size_t{64} << 10U) recorded_bytes += recorder_.seal().size();
    return true;
  }

  PromptPorts ports;
  std::size_t recorded_bytes = 0;

 private:
  recording::Recorder recorder_;
  recording::NodeTaps taps_;
  bool recorded_;

 public:
  engine::NodeEngine engine;
};

/// One node alone, or both with a cable between them.
class BenchedCluster {
 public:
  enum class Kind { lone, recorded, pair };

  explicit BenchedCluster(Kind kind) : first(NodeId::first, kind == Kind::recorded) {
    if (kind == Kind::pair) {
      second.emplace(NodeId::second);
      first.ports.peer = &second->ports;
      second->ports.peer = &first.ports;
      first.ports.post(io::LinkUp{io::Endpoint::peer});
      second->ports.post(io::LinkUp{io::Endpoint::peer});
    }
    settle();
    first.ports.post(io::CommandGiven{io::CommandId(1), {io::Verb::prim, false, false}});
    for (int i = 0; i < 1000 && !ready(); ++i) {
      settle();
      now_ = now_ + milliseconds(20);
      first.ports.fire(now_);
      if (second) second->ports.fire(now_);
    }
    settle();
  }

  [[nodiscard]] bool ready() const {
    const engine::Role role = first.engine.status().role;
    if (!first.engine.status().serves()) return false;
    return !second || (role == engine::Role::prim && second->engine.status().in_sync);
  }

  /// Until nothing is under way; time stands still.
  void settle() {
    while (first.step(now_) || (second && second->step(now_))) {
    }
  }

  BenchedNode first;
  std::optional<BenchedNode> second;

 private:
  Instant now_{1};
};

void requests(benchmark::State& state, BenchedCluster::Kind kind) {
  BenchedCluster cluster(kind);
  if (!cluster.ready()) return state.SkipWithError("the service does not come up");
  const Operation write = small_write();
  std::uint64_t request = 0;
  const Counts before = counts();
  for (auto _ : state) {
    cluster.first.ports.post(io::RequestArrived{RequestId(++request), write});
    cluster.settle();
  }
  const Counts after = counts();
  if (cluster.first.ports.replies != request) state.SkipWithError("not every request was answered");
  state.SetItemsProcessed(static_cast<std::int64_t>(request));
  const auto per_operation = [&](std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(request);
  };
  state.counters["allocations"] = per_operation(after.allocations - before.allocations);
  state.counters["copied_bytes"] = per_operation(after.copied_bytes - before.copied_bytes);
  if (cluster.second) state.counters["header_bytes"] = static_cast<double>(cluster.first.ports.header_bytes);
  if (kind == BenchedCluster::Kind::recorded) {
    state.counters["bytes_per_event"] = per_operation(cluster.first.recorded_bytes) / 2;
  }
}

void requests_through_a_lone_primary(benchmark::State& state) { requests(state, BenchedCluster::Kind::lone); }
BENCHMARK(requests_through_a_lone_primary);
void requests_through_a_recorded_primary(benchmark::State& state) { requests(state, BenchedCluster::Kind::recorded); }
BENCHMARK(requests_through_a_recorded_primary);
/// Both engines' work: the primary's, the replica's, and one copy that stands for the wire.
void requests_through_primary_and_replica(benchmark::State& state) { requests(state, BenchedCluster::Kind::pair); }
BENCHMARK(requests_through_primary_and_replica);

void encode_and_decode_a_write(benchmark::State& state) {
  const engine::StreamOperation message{Epoch(3), Lsn(1'000'000), small_write()};
  std::size_t header = 0;
  for (auto _ : state) {
    const io::Frame frame = engine::encode(message);
    header = frame.head.size();
    benchmark::DoNotOptimize(engine::decode(engine::frame_bytes(frame)));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["header_bytes"] = static_cast<double>(header);
}
BENCHMARK(encode_and_decode_a_write);

}  // namespace
}  // namespace lockstep::bench
