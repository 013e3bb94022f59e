// An engine of either kind between taps and ports that only listen.
#pragma once

#include "engine/recording/header.h"
#include "engine/recording/taps.h"
#include "sim/recording/null_ports.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::sim {

class ReplayedEngine {
 public:
  /// `roles`: gets the states passed through (of a witness: the configurations voted for). `log`: gets what the engine
  /// says for people, as it says it; may be null.
  ReplayedEngine(recording::EngineKind kind, const engine::Settings& settings, std::vector<std::string>& roles,
                 std::function<void(const std::string& text)> log);

  /// Goes on from a recorded segment's beginning; false if what it says of that is no state of this engine.
  bool restore(const recording::SegmentHeader& header);

  /// Nothing, or what check of the engine failed within this step: then no other step is to follow.
  std::optional<std::string> step(Instant now, io::Event event);

  recording::Decisions& decisions() { return decisions_; }
  [[nodiscard]] std::optional<engine::Status> status() const;

  /// From now on, calls are kept in words.
  void keep_calls() { ports_.put_into_words(true); }
  std::vector<std::string> take_calls() { return std::exchange(calls_, {}); }

 private:
  void traced(const io::TraceEvent& event);

  std::vector<std::string>& roles_;
  std::function<void(const std::string&)> log_;
  std::vector<std::string> calls_;
  recording::Decisions decisions_;
  NullPorts ports_;
  recording::NodeTaps node_taps_;
  recording::WitnessTaps witness_taps_;
  std::unique_ptr<engine::NodeEngine> node_;
  std::unique_ptr<engine::WitnessEngine> witness_;
};

}  // namespace lockstep::sim
