// The third machine: a WitnessEngine behind simulated ports, or the store of a witness whose lives are in the nodes.
#pragma once

#include "engine/recording/taps.h"
#include "engine/witness_engine.h"
#include "sim/ports/journal.h"
#include "sim/ports/link.h"
#include "sim/ports/store.h"
#include "sim/recording/recorded_lives.h"
#include "sim/world/machine.h"
#include "sim/world/tracer.h"

#include <memory>
#include <optional>

namespace lockstep::sim {

class Witness : public Machine {
 public:
  Witness(const engine::Settings& settings, Scheduler& scheduler, Random random, DriftingClock clock,
          Observer& observer, bool shared)
      : Machine(Place::witness, scheduler, random, clock, observer),
        settings_(settings),
        shared_(shared),
        tracer_(Place::witness, observer),
        link_(*this, observer),
        journal_(*this, random, [this](const Buffer& record) {
          this->observer().journal_durable(Place::witness, shared_ ? engine::encode(*record_in(record)) : record);
        }) {}

  SimLink& link() { return link_; }
  SimJournal& journal() { return journal_; }
  [[nodiscard]] const SimJournal& journal() const { return journal_; }
  /// What its journal, or a copy of it, says of its votes.
  [[nodiscard]] std::optional<engine::JournalRecord> record_in(const Buffer& journal) const {
    if (!shared_) return engine::decode_journal(journal);
    const auto vote = engine::decode_shared_vote(journal);
    return vote ? std::optional(vote->record) : std::nullopt;
  }
  /// Every life from now on is recorded there, but of a store; null: none is.
  void record(RecordedLives* lives) { recorded_ = lives; }

 protected:
  [[nodiscard]] bool can_begin() const override { return settings_.has_third_vote() && journal_.readable(); }
  io::Booted begin_life() override {
    journal_.draw_from(random().fork());
    const engine::WitnessPorts ports{link_, journal_, tracer_};
    if (shared_) {
      store_.emplace(link_, journal_, journal_.durable());
    } else if (recorded_ == nullptr) {
      engine_ = std::make_unique<engine::WitnessEngine>(settings_, ports);
    } else {
      recorder_ = &recorded_->begin(recording::EngineKind::witness, settings_, "witness");
      taps_.emplace(ports, recorder_->decisions());
      engine_ = std::make_unique<engine::WitnessEngine>(settings_, taps_->ports());
    }
    return {journal_.durable(), true, 0, random().next()};
  }
  void end_life(bool power_lost) override {
    store_.reset();
    engine_.reset();
    if (recorder_ != nullptr) recorded_->end();
    recorder_ = nullptr;
    link_.process_ended(power_lost);
    journal_.process_ended();
  }
  void step(io::Event event) override {
    if (store_) return store_->step(event);
    if (recorder_ == nullptr) return engine_->step(local_now(), std::move(event));
    recorded_step(*engine_, *taps_, *recorder_, local_now(), std::move(event));
    recorded_->stepped(*engine_);
  }

 private:
  engine::Settings settings_;
  bool shared_;
  Tracer tracer_;
  SimLink link_;
  SimJournal journal_;
  RecordedLives* recorded_ = nullptr;
  recording::Recorder* recorder_ = nullptr;  ///< of this life
  std::optional<recording::WitnessTaps> taps_;
  std::unique_ptr<engine::WitnessEngine> engine_;
  std::optional<SimStore> store_;
};

}  // namespace lockstep::sim
