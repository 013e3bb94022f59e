// The engine's hot paths alone: no disk, no network, no clock. Each port does nothing but answer.
#include "engine/node_engine.h"
#include "engine/recording/recorder.h"
#include "engine/recording/taps.h"
#include "engine/wire/codec.h"

#include <deque>
#include <optional>

#include <benchmark/benchmark.h>

namespace lockstep::engine {
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

/// Ports of a lone primary: everything succeeds at once, events wait in a queue.
struct Ports final : io::Timers,
                     io::Link,
                     io::Journal,
                     io::TouchLog,
                     io::Volume,
                     io::Mount,
                     io::Application,
                     io::Console,
                     io::Trace {
  std::deque<io::Event> events;
  std::uint64_t replies = 0;
  std::optional<Instant> heartbeat;

  void arm(io::TimerId timer, Instant deadline) override {
    if (timer == io::TimerId::heartbeat) heartbeat = deadline;
  }
  void cancel(io::TimerId) override {}
  // The witness: agrees with everything.
  void send(io::Endpoint to, io::Frame frame) override {
    if (to != io::Endpoint::witness) return;
    const auto message = decode(Buffer(std::move(frame.head)));
    if (const auto* beat = std::get_if<Heartbeat>(&*message)) answer_heartbeat(*beat);
    if (const auto* prepare = std::get_if<Prepare>(&*message)) answer(Promise{prepare->ballot, {}, {}});
    if (const auto* accept = std::get_if<Accept>(&*message)) answer(Accepted{accept->ballot});
  }
  void answer_heartbeat(const Heartbeat& beat) {
    HeartbeatReply reply{beat.sent_at, true, {}};
    reply.memory.life = 1;
    reply.memory.your_life = beat.memory.life;
    answer(reply);
  }
  void answer(const Message& message) {
    events.emplace_back(io::FrameArrived{io::Endpoint::witness, Buffer(encode(message).head)});
  }
  void reset(io::Endpoint) override {}
  void store(Ticket ticket, Buffer) override { events.emplace_back(io::JournalStored{ticket}); }
  void append(Ticket ticket, Buffer) override { events.emplace_back(io::TouchesLogged{ticket}); }
  void replace(Ticket ticket, Buffer) override { events.emplace_back(io::TouchesLogged{ticket}); }
  void apply(Ticket ticket, const Operation& operation, io::Origin) override {
    events.emplace_back(io::Applied{ticket, 0, operation, true, operation.data.size()});
  }
  void sync(Ticket ticket, FileId, bool) override { events.emplace_back(io::Synced{ticket, 0}); }
  void scan(Ticket) override {}
  void survey(Ticket, const SurveyRequest&) override {}
  void list(Ticket, FileId, const std::string&, std::uint32_t) override {}
  void identify_in(Period) override {}
  void digest(Ticket, FileId, std::uint64_t, std::uint64_t, std::uint32_t) override {}
  void read(Ticket, FileId, std::uint64_t, std::uint64_t) override {}
  void set_aside(Ticket, FileId, const Conflict&) override {}
  void open() override { events.emplace_back(io::MountOpened{}); }
  void close() override { events.emplace_back(io::MountClosed{}); }
  void reply(RequestId, const io::Reply&) override { ++replies; }
  void run(Ticket ticket, io::Phase) override { events.emplace_back(io::PhaseEnded{ticket, true, {}}); }
  void answer(io::CommandId, bool, std::string) override {}
  void record(const io::TraceEvent&) override {}
};

/// With `recorded`, between the flight recorder's taps.
void requests_through(benchmark::State& state, bool recorded) {
  Ports ports;
  const NodePorts real{ports, ports, ports, ports, ports, ports, ports, ports, ports};
  recording::Recorder recorder(recording::Payloads::elided, {1});
  recording::NodeTaps taps(real, recorder.decisions());
  NodeEngine engine(Settings{}, recorded ? taps.ports() : real);
  std::size_t bytes = 0;
  Instant now{1};
  const auto step = [&](io::Event event) {
    if (!recorded) return engine.step(now, std::move(event));
    recorded_step(engine, taps, recorder, now, std::move(event));
    if (recorder.pending_bytes() > std::size_t{64} << 10U) bytes += recorder.seal().size();
  };
  JournalRecord journal;
  journal.remembers = true;  // the other node need not be heard first
  ports.events.emplace_back(io::Booted{encode(journal), true, 0, 1});
  ports.events.emplace_back(io::LinkUp{io::Endpoint::witness});
  const auto settle = [&] {
    while (!ports.events.empty()) {
      io::Event event = std::move(ports.events.front());
      ports.events.pop_front();
      step(std::move(event));
    }
  };
  settle();
  ports.events.emplace_back(io::CommandGiven{io::CommandId(1), {io::Verb::prim, false, false}});
  for (int i = 0; i < 100 && !engine.status().serves(); ++i) {
    settle();
    now = now + milliseconds(100);
    ports.events.emplace_back(io::TimerFired{io::TimerId::register_retry});
    ports.events.emplace_back(io::TimerFired{io::TimerId::heartbeat});
  }
  if (!engine.status().serves()) return state.SkipWithError("the engine does not serve");
  const Operation write = small_write();
  std::uint64_t request = 0;
  for (auto _ : state) {
    ports.events.emplace_back(io::RequestArrived{RequestId(++request), write});
    settle();
  }
  if (ports.replies != request) state.SkipWithError("not every request was answered");
  state.SetItemsProcessed(static_cast<std::int64_t>(request));
  if (recorded) state.counters["bytes_per_event"] = static_cast<double>(bytes) / (2.0 * static_cast<double>(request));
}
void requests_through_a_lone_primary(benchmark::State& state) { requests_through(state, false); }
BENCHMARK(requests_through_a_lone_primary);
void requests_through_a_recorded_primary(benchmark::State& state) { requests_through(state, true); }
BENCHMARK(requests_through_a_recorded_primary);

void encode_and_decode_a_write(benchmark::State& state) {
  const StreamOperation message{Epoch(3), Lsn(1'000'000), small_write()};
  std::size_t header = 0;
  for (auto _ : state) {
    io::Frame frame = encode(message);
    header = frame.head.size();
    frame.head.insert(frame.head.end(), frame.body.bytes().begin(), frame.body.bytes().end());
    benchmark::DoNotOptimize(decode(Buffer(std::move(frame.head))));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["header_bytes"] = static_cast<double>(header);
}
BENCHMARK(encode_and_decode_a_write);

}  // namespace
}  // namespace lockstep::engine
