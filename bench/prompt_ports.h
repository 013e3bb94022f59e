// Ports that answer at once: no disk, no network, no clock. Events wait in a queue until the engine is given them.
#pragma once

#include "bench/counted.h"
#include "engine/node_engine.h"
#include "engine/wire/codec.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::bench {

/// Of one node. Its directory is empty; the witness agrees with everything.
struct PromptPorts final : io::Timers,
                           io::Link,
                           io::Journal,
                           io::TouchLog,
                           io::Volume,
                           io::Mount,
                           io::Application,
                           io::Checks,
                           io::Console,
                           io::Trace,
                           io::Background {
  std::deque<io::Event> events;
  std::map<io::TimerId, Instant> armed;
  PromptPorts* peer = nullptr;  ///< none: what is sent there is lost
  std::uint64_t replies = 0;
  std::size_t header_bytes = 0;  ///< of the last frame with bulk data that was sent to the peer

  [[nodiscard]] engine::NodePorts ports() {
    return {*this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this};
  }

  template <typename Event>
  void post(Event event) {
    const Uncounted harness;
    events.emplace_back(std::move(event));
  }
  io::Event take() {
    const Uncounted harness;
    io::Event event = std::move(events.front());
    events.pop_front();
    return event;
  }
  /// Timers that are due by then.
  void fire(Instant now) {
    for (auto timer = armed.begin(); timer != armed.end();) {
      if (timer->second > now) {
        ++timer;
        continue;
      }
      post(io::TimerFired{timer->first});
      timer = armed.erase(timer);
    }
  }

  void arm(io::TimerId timer, Instant deadline) override {
    const Uncounted harness;
    armed[timer] = deadline;
  }
  void cancel(io::TimerId timer) override {
    const Uncounted harness;
    armed.erase(timer);
  }
  void send(io::Endpoint to, io::Frame frame) override {
    const Uncounted harness;
    if (to == io::Endpoint::witness) return answer_as_witness(frame);
    if (peer == nullptr) return;
    if (!frame.body.empty()) header_bytes = frame.head.size();
    // The way from one server's memory to the other's.
    peer->post(io::FrameArrived{io::Endpoint::peer, engine::frame_bytes(frame)});
  }
  void answer_as_witness(io::Frame& frame) {
    const auto message = engine::decode(engine::frame_bytes(frame));
    if (const auto* beat = std::get_if<engine::Heartbeat>(&*message)) {
      engine::HeartbeatReply reply{beat->sent_at, true, {}};
      reply.memory.life = 1;
      reply.memory.your_life = beat->memory.life;
      from_witness(reply);
    }
    if (const auto* prepare = std::get_if<engine::Prepare>(&*message)) {
      from_witness(engine::Promise{prepare->ballot, {}, {}});
    }
    if (const auto* accept = std::get_if<engine::Accept>(&*message)) from_witness(engine::Accepted{accept->ballot});
  }
  void from_witness(const engine::Message& message) {
    post(io::FrameArrived{io::Endpoint::witness, engine::frame_bytes(engine::encode(message))});
  }
  void reset(io::Endpoint) override {}

  void store(Ticket ticket, Buffer) override { post(io::JournalStored{ticket}); }
  void append(Ticket ticket, Buffer) override { post(io::TouchesLogged{ticket}); }
  void replace(Ticket ticket, Buffer) override { post(io::TouchesLogged{ticket}); }
  void apply(Ticket ticket, const Operation& operation, io::Origin) override {
    post(io::Applied{ticket, 0, operation, true, operation.data.size()});
  }
  void sync(Ticket ticket, FileId, bool) override { post(io::Synced{ticket, 0}); }
  void scan(Ticket ticket) override {
    Manifest empty;
    empty.objects.push_back({FileId::root(), {}, {}, {}, 0});
    empty.objects.back().attributes.mode = 040755;
    post(io::Scanned{ticket, 0, std::move(empty)});
  }
  void survey(Ticket ticket, const SurveyRequest&) override { scan(ticket); }
  void list(Ticket, FileId, const std::string&, std::uint32_t) override {}
  void identify_in(Period) override {}
  void digest(Ticket, FileId, std::uint64_t, std::uint64_t, std::uint32_t) override {}
  void read(Ticket, FileId, std::uint64_t, std::uint64_t, std::uint32_t) override {}
  void set_aside(Ticket, FileId, const Conflict&) override {}

  void open() override { post(io::MountOpened{}); }
  void close() override { post(io::MountClosed{}); }
  void reply(RequestId, const io::Reply&) override { ++replies; }
  void run(Ticket ticket, io::Phase) override { post(io::PhaseEnded{ticket, true, {}}); }
  void begin(std::size_t) override {}
  void run(Ticket ticket, std::size_t check) override { post(io::CheckEnded{ticket, check, true, {}}); }
  void end(std::size_t) override {}
  void answer(io::CommandId, bool, std::string) override {}
  void record(const io::TraceEvent&) override {}
  void run(Ticket ticket, std::function<void()> work) override {
    work();
    post(io::WorkDone{ticket});
  }
};

}  // namespace lockstep::bench
