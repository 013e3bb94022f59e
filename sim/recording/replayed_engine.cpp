#include "sim/recording/replayed_engine.h"

#include "engine/recording/record_archive.h"
#include "sim/violation.h"
#include "sim/world/describe.h"

namespace lockstep::sim {

ReplayedEngine::ReplayedEngine(recording::EngineKind kind, const engine::Settings& settings,
                               std::vector<std::string>& roles, std::function<void(const std::string& text)> log)
    : roles_(roles),
      log_(std::move(log)),
      ports_({[this](const std::string& call) { calls_.push_back(call); },
              [this](const io::TraceEvent& event) { traced(event); }}),
      node_taps_(ports_.node(), decisions_),
      witness_taps_(ports_.witness(), decisions_) {
  install_check_handler();
  if (kind == recording::EngineKind::node) {
    node_ = std::make_unique<engine::NodeEngine>(settings, node_taps_.ports());
  } else {
    witness_ = std::make_unique<engine::WitnessEngine>(settings, witness_taps_.ports());
  }
}

bool ReplayedEngine::restore(const recording::SegmentHeader& header) {
  // Its payloads are bounded by the engine's own limits.
  constexpr std::uint64_t stand_ins_max = std::uint64_t{1} << 30U;
  recording::RecordReader reader(header.snapshot, header.life.payloads, stand_ins_max);
  decisions_ = recording::Decisions(header.position.decisions, header.position.calls);
  return node_ ? node_->restore(reader) : witness_->restore(reader);
}

void ReplayedEngine::traced(const io::TraceEvent& event) {
  if (const auto* role = std::get_if<io::RoleChanged>(&event)) {
    if (roles_.empty() || roles_.back() != role->from) roles_.emplace_back(role->from);
    if (role->to != role->from) roles_.emplace_back(role->to);
  } else if (const auto* vote = std::get_if<io::VoteCast>(&event); vote != nullptr && witness_ != nullptr) {
    std::string text = describe(vote->configuration);
    if (roles_.empty() || roles_.back() != text) roles_.push_back(std::move(text));
  }
  if (log_) log_(describe_trace(event));
}

std::optional<std::string> ReplayedEngine::step(Instant now, io::Event event) {
  forget_violations();
  try {
    if (node_) {
      node_->step(now, std::move(event));
    } else {
      witness_->step(now, std::move(event));
    }
  } catch (const std::exception& error) {
    // A state machine wraps what its actions throw.
    const Violation* first = first_violation();
    return first != nullptr ? first->text() : error.what();
  }
  return std::nullopt;
}

std::optional<engine::Status> ReplayedEngine::status() const {
  return node_ ? std::optional(node_->status()) : std::nullopt;
}

}  // namespace lockstep::sim
