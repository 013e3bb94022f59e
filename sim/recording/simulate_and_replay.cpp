#include "sim/recording/simulate_and_replay.h"

namespace lockstep::sim {

namespace {

/// Nothing if the replay is equal.
std::optional<Violation> replay(Place place, std::size_t number, const RecordedLife& life, bool renew) {
  const ReplayResult replayed = replay_life(segments_of(life), {nullptr, renew});
  if (replayed.verdict == ReplayResult::Verdict::equal) return std::nullopt;
  std::string text =
      std::string(to_string(place)) + ", life " + std::to_string(number) + (renew ? ", from snapshots: " : ": ");
  if (replayed.divergence) {
    text += "event " + std::to_string(replayed.divergence->event) + " (" + replayed.divergence->text +
            "): " + replayed.divergence->difference;
  } else {
    text += replayed.reason;
  }
  return Violation("recording", std::move(text));
}

}  // namespace

RecordedRun simulate_recorded(const Scenario& scenario) {
  std::array<RecordedLives, 3> recorded{RecordedLives(3 * scenario.seed), RecordedLives(3 * scenario.seed + 1),
                                        RecordedLives(3 * scenario.seed + 2)};
  RecordedRun run;
  run.result = simulate(scenario, [&recorded](World& world) {
    for (const NodeId id : every_node) world.node(id).record(&recorded[index_of(id)]);
    world.witness().record(&recorded[index_of(Place::witness)]);
  });
  for (const Place place : every_place) {
    recorded[index_of(place)].end();
    run.lives[index_of(place)] = recorded[index_of(place)].lives();
  }
  return run;
}

SegmentSource segments_of(const RecordedLife& life) {
  return [&life](std::size_t index) { return index < life.size() ? std::optional(life[index]) : std::nullopt; };
}

RunResult simulate_and_replay(std::uint64_t seed, const Choice& choice) {
  RecordedRun run = simulate_recorded(draw_scenario(seed, choice));
  for (const Place place : every_place) {
    const auto& lives = run.lives[index_of(place)];
    for (std::size_t life = 0; life < lives.size() && !run.result.violation; ++life) {
      run.result.violation = replay(place, life + 1, lives[life], false);
      if (!run.result.violation) run.result.violation = replay(place, life + 1, lives[life], true);
    }
  }
  return run.result;
}

}  // namespace lockstep::sim
