// The third machine: a WitnessEngine behind simulated ports.
#pragma once

#include "engine/witness_engine.h"
#include "sim/ports/journal.h"
#include "sim/ports/link.h"
#include "sim/world/machine.h"
#include "sim/world/tracer.h"

#include <memory>

namespace lockstep::sim {

class Witness : public Machine {
 public:
  Witness(const engine::Settings& settings, Scheduler& scheduler, Random random, DriftingClock clock,
          Observer& observer)
      : Machine(Place::witness, scheduler, random.fork(), clock, observer),
        settings_(settings),
        tracer_(Place::witness, observer),
        link_(*this, observer),
        journal_(*this, random.fork(),
                 [this](const Buffer& record) { this->observer().journal_durable(Place::witness, record); }) {}

  SimLink& link() { return link_; }
  SimJournal& journal() { return journal_; }
  [[nodiscard]] const SimJournal& journal() const { return journal_; }

 protected:
  io::Booted begin_life() override {
    engine_ = std::make_unique<engine::WitnessEngine>(settings_, engine::WitnessPorts{link_, journal_, tracer_});
    return {journal_.durable(), true, random().next()};
  }
  void end_life(bool power_lost) override {
    engine_.reset();
    link_.process_ended(power_lost);
    journal_.process_ended();
  }
  void step(io::Event event) override { engine_->step(local_now(), std::move(event)); }

 private:
  engine::Settings settings_;
  Tracer tracer_;
  SimLink link_;
  SimJournal journal_;
  std::unique_ptr<engine::WitnessEngine> engine_;
};

}  // namespace lockstep::sim
