#include "sim/world/node.h"

#include <utility>

namespace lockstep::sim {

Node::Node(NodeId id, const engine::Settings& settings, Scheduler& scheduler, Random random, DriftingClock clock,
           Observer& observer, bool seated)
    : Machine(place_of(id), scheduler, random, clock, observer),
      settings_(settings),
      seated_(seated),
      tap_(observer),
      tracer_(place(), observer),
      witness_tracer_(Place::witness, observer),
      timers_(*this, random),
      link_(*this, observer),
      journal_(*this, random, [this](const Buffer& record) { this->observer().journal_durable(place(), record); }),
      touches_(*this, random, [this] { this->observer().touches_durable(this->id()); }),
      volume_(id, *this, random.numbered(0), tap_),
      mount_(*this, random),
      application_(*this, random),
      checks_(*this, random, application_, settings),
      console_(*this),
      background_(*this, random.numbered(1)) {
  settings_.self = id;
  application_.on_run([this](io::Phase phase) { this->observer().phase_begins(this->id(), phase); });
  application_.on_death([this] { checks_.process_died(); });
  mount_.look_with([this](const Operation& operation) { return volume_.filesystem().named_by(operation); });
  checks_.on_look(
      [this](std::size_t check, Ticket ticket) { this->observer().check_looks(this->id(), check, ticket); });
}

io::Booted Node::begin_life() {
  timers_.draw_from(random().fork());
  journal_.draw_from(random().fork());
  touches_.draw_from(random().fork());
  volume_.draw_from(random().fork());
  mount_.draw_from(random().fork());
  application_.draw_from(random().fork());
  checks_.draw_from(random().fork());
  if (seated_) {
    seat_.emplace(settings_, *this, link_, witness_tracer_, observer(), random().fork().next(),
                  [this](io::Event event) { step_engine(std::move(event)); });
  }
  io::Link& link = seat_ ? static_cast<io::Link&>(*seat_) : link_;
  const engine::NodePorts ports{timers_,      link,    journal_, touches_, volume_,    mount_,
                                application_, checks_, console_, tracer_,  background_};
  if (recorded_ == nullptr) {
    engine_ = std::make_unique<engine::NodeEngine>(settings_, ports);
  } else {
    recorder_ = &recorded_->begin(recording::EngineKind::node, settings_, std::string(to_string(place())));
    taps_.emplace(ports, recorder_->decisions());
    engine_ = std::make_unique<engine::NodeEngine>(settings_, taps_->ports());
  }
  volume_.begin_index();
  return {journal_.durable(), volume_retained_,       volume_.tree(),  random().next(),
          touches_.durable(), volume_.failed_syncs(), mount_.is_held()};
}

void Node::end_life(bool power_lost) {
  engine_.reset();
  seat_.reset();
  if (recorder_ != nullptr) recorded_->end();
  recorder_ = nullptr;
  timers_.process_ended();
  link_.process_ended(power_lost);
  journal_.process_ended();
  touches_.process_ended(power_lost);
  const bool kept = std::exchange(keeps_service_, false) && !power_lost && serves();
  mount_.process_ended(kept);
  application_.process_ended(kept);
  checks_.process_ended();
  console_.process_ended();
  if (power_lost) {
    volume_.power_lost(random());
    volume_retained_ = false;
  } else {
    volume_.process_ended(kept);
  }
}

void Node::step(io::Event event) {
  if (!seat_ || !seat_->step(event)) step_engine(std::move(event));
}

void Node::step_engine(io::Event event) {
  if (recorder_ != nullptr) {
    recorded_step(*engine_, *taps_, *recorder_, local_now(), std::move(event));
    recorded_->stepped(*engine_);
  } else {
    engine_->step(local_now(), std::move(event));
  }
  // As the daemon has it: what a power loss took is not regained by a restart.
  if (!volume_retained_) volume_retained_ = engine_->condition().intact;
}

}  // namespace lockstep::sim
