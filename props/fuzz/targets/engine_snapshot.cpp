// An engine's whole state, as a segment of a recording begins with it.
#include "engine/node_engine.h"
#include "engine/recording/record_archive.h"
#include "engine/recording/segment_reader.h"
#include "engine/values/check.h"
#include "engine/witness_engine.h"
#include "props/fuzz/input.h"
#include "props/fuzz/targets.h"
#include "sim/recording/null_ports.h"
#include "sim/recording/simulate_and_replay.h"

#include <algorithm>
#include <string>

namespace lockstep::fuzz {

namespace {

using recording::EngineKind;
using recording::Payloads;

constexpr std::size_t seed_bytes_max = 1500;

/// With every kind of trouble. A snapshot goes with settings: some checks, none, low limits.
const std::vector<sim::RecordedRun>& recorded_runs() {
  constexpr std::uint64_t runs = 4;
  static const std::vector<sim::RecordedRun> all = [] {
    std::vector<sim::RecordedRun> recorded;
    for (std::uint64_t run = 1; run <= runs; ++run) {
      recorded.push_back(sim::simulate_recorded(sim::draw_scenario(run, {})));
    }
    return recorded;
  }();
  return all;
}

const engine::Settings& settings_of(std::size_t run) {
  static const std::vector<engine::Settings> all = [] {
    std::vector<engine::Settings> settings;
    for (const sim::RecordedRun& recorded : recorded_runs()) {
      settings.push_back(recording::SegmentReader(recorded.lives.front().front().front()).header().life.settings);
    }
    return settings;
  }();
  return all[run % all.size()];
}

Buffer saved(const auto& engine) {
  recording::RecordWriter writer(Payloads::full, {});
  engine.save(writer);
  return Buffer(std::move(writer.bytes));
}

/// The state in full, of the engine that goes on from the snapshot; nothing if that is none.
template <typename Engine>
std::optional<Buffer> restored(const Buffer& snapshot, Payloads payloads, const engine::Settings& settings) {
  sim::NullPorts ports({[](const std::string&) {}, [](const io::TraceEvent&) {}});
  const auto given = [&ports] {
    if constexpr (std::is_same_v<Engine, engine::NodeEngine>) {
      return ports.node();
    } else {
      return ports.witness();
    }
  };
  Engine engine(settings, given());
  recording::RecordReader reader(snapshot, payloads);
  if (!engine.restore(reader)) return std::nullopt;
  return saved(engine);
}

std::optional<Buffer> restored(EngineKind kind, const Buffer& snapshot, Payloads payloads, std::size_t run) {
  return kind == EngineKind::node ? restored<engine::NodeEngine>(snapshot, payloads, settings_of(run))
                                  : restored<engine::WitnessEngine>(snapshot, payloads, settings_of(run));
}

bool accepts(const Buffer& input) {
  Input parts(input);
  const auto kind = static_cast<EngineKind>(parts.number8() & 1U);
  const auto payloads = static_cast<Payloads>(parts.number8() & 1U);
  const std::size_t run = parts.number8();
  const auto once = restored(kind, parts.rest(), payloads, run);
  if (!once) return false;
  const auto again = restored(kind, *once, Payloads::full, run);
  LOCKSTEP_CHECK(again == once, "an engine that goes on from a snapshot has the state that was saved");
  return true;
}

Buffer seed(EngineKind kind, Payloads payloads, std::size_t run, const Buffer& snapshot) {
  return Buffer::copy_of(std::string{static_cast<char>(kind), static_cast<char>(payloads), static_cast<char>(run)} +
                         std::string(snapshot.text()));
}

/// The small ones, which are most.
std::vector<Buffer> seeds() {
  constexpr std::size_t each_max = 12;
  std::vector<Buffer> all;
  for (std::size_t run = 0; run < recorded_runs().size(); ++run) {
    for (const auto& lives : recorded_runs()[run].lives) {
      std::size_t taken = 0;
      for (const sim::RecordedLife& life : lives) {
        for (const Buffer& segment : life) {
          const recording::SegmentReader reader(segment);
          const Buffer& snapshot = reader.header().snapshot;
          if (snapshot.empty() || snapshot.size() > seed_bytes_max || taken++ >= each_max) continue;
          const EngineKind kind = reader.header().life.kind;
          const Payloads payloads = reader.header().life.payloads;
          all.push_back(seed(kind, payloads, run, snapshot));
          const auto full = restored(kind, snapshot, payloads, run);
          if (full && full->size() <= seed_bytes_max) all.push_back(seed(kind, Payloads::full, run, *full));
        }
      }
    }
  }
  return all;
}

}  // namespace

const Target engine_snapshot{"engine_snapshot", accepts, seeds, 2048, 3'000};

}  // namespace lockstep::fuzz
