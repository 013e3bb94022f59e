#include "sim/world/node.h"

namespace lockstep::sim {

Node::Node(NodeId id, const engine::Settings& settings, Scheduler& scheduler, Random random, DriftingClock clock,
           Observer& observer)
    : Machine(place_of(id), scheduler, random.fork(), clock, observer),
      settings_(settings),
      tap_(observer),
      tracer_(place(), observer),
      timers_(*this, random.fork()),
      link_(*this, observer),
      journal_(*this, random.fork(),
               [this](const Buffer& record) { this->observer().journal_durable(place(), record); }),
      volume_(id, *this, random.fork(), tap_),
      mount_(*this, random.fork()),
      application_(*this, random.fork()),
      console_(*this) {
  settings_.self = id;
}

io::Booted Node::begin_life() {
  engine_ = std::make_unique<engine::NodeEngine>(
      settings_, engine::NodePorts{timers_, link_, journal_, volume_, mount_, application_, console_, tracer_});
  return {journal_.durable(), volume_retained_, random().next()};
}

void Node::end_life(bool power_lost) {
  engine_.reset();
  timers_.process_ended();
  link_.process_ended(power_lost);
  journal_.process_ended();
  mount_.process_ended();
  application_.process_ended();
  console_.process_ended();
  if (power_lost) {
    volume_.power_lost(random());
    volume_retained_ = false;
  } else {
    volume_.process_ended();
  }
}

void Node::step(io::Event event) {
  engine_->step(local_now(), std::move(event));
  if (!volume_retained_) volume_retained_ = holds_everything_again();
}

// As the daemon has it: what a power loss took is not regained by a restart, only by being in sync once more.
bool Node::holds_everything_again() const {
  const engine::Status now = status();
  const bool in_role = now.serves() || now.role == engine::Role::second;
  return now.in_sync && now.readiness == engine::Readiness::ready && in_role;
}

}  // namespace lockstep::sim
