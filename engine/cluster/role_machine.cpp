// The one place that instantiates Boost.MSM's back-end.
#define BOOST_MPL_CFG_NO_PREPROCESSED_HEADERS
#define BOOST_MPL_LIMIT_VECTOR_SIZE 40
#define BOOST_MPL_LIMIT_MAP_SIZE 40

#include "engine/cluster/role_machine.h"

#include "engine/cluster/role_table.h"
#include "engine/values/check.h"

#include <array>
#include <vector>

#include <boost/msm/back/state_machine.hpp>

namespace lockstep::engine {

namespace {

using Machine = boost::msm::back::state_machine<role::Definition>;

// MSM numbers states in the order in which the table names them first; this maps its numbers to ours.
template <typename State>
constexpr int number_of = boost::msm::back::get_state_id<Machine::stt, State>::value;

constexpr std::array<int, 8> numbers{number_of<role::Stopped>,   number_of<role::Waiting>,   number_of<role::Joining>,
                                     number_of<role::Secondary>, number_of<role::Promoting>, number_of<role::Alone>,
                                     number_of<role::Prim>,      number_of<role::Demoting>};

RoleState state_of(int number) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == number) return static_cast<RoleState>(i);
  }
  check_failed("state_of", "I18: the role machine is in one of its states", __FILE__, __LINE__);
}

RoleEvent event_of(const role::StartRequested&) { return RoleEvent::start_requested; }
RoleEvent event_of(const role::StopRequested&) { return RoleEvent::stop_requested; }
RoleEvent event_of(const role::ResyncBegan&) { return RoleEvent::resync_began; }
RoleEvent event_of(const role::StreamResumed&) { return RoleEvent::stream_resumed; }
RoleEvent event_of(const role::StreamLost&) { return RoleEvent::stream_lost; }
RoleEvent event_of(const role::Admitted&) { return RoleEvent::admitted; }
RoleEvent event_of(const role::Elected&) { return RoleEvent::elected; }
RoleEvent event_of(const role::ServiceReady&) { return RoleEvent::service_ready; }
RoleEvent event_of(const role::ServiceFailed&) { return RoleEvent::service_failed; }
RoleEvent event_of(const role::PeerAdmitted&) { return RoleEvent::peer_admitted; }
RoleEvent event_of(const role::PeerLeft&) { return RoleEvent::peer_left; }
RoleEvent event_of(const role::StepDown&) { return RoleEvent::step_down; }
RoleEvent event_of(const role::LeaseLost&) { return RoleEvent::lease_lost; }
RoleEvent event_of(const role::SteppedDown&) { return RoleEvent::stepped_down; }

}  // namespace

template <typename Fsm, typename Event>
void role::Definition::no_transition(const Event& event, Fsm& machine, int state) {
  machine.actions->unknown_transition(to_string(state_of(state)), to_string(event_of(event)));
}

template <typename Fsm, typename Event>
void role::Definition::exception_caught(const Event&, Fsm&, std::exception&) {
  check_failed("exception_caught", "I18: no exception crosses a transition", __FILE__, __LINE__);
}

class RoleMachine::Backend {
 public:
  explicit Backend(role::Actions& actions) {
    machine_.actions = &actions;
    machine_.start();
  }
  void process(RoleEvent event) {
    switch (event) {
      case RoleEvent::start_requested: machine_.process_event(role::StartRequested{}); break;
      case RoleEvent::stop_requested: machine_.process_event(role::StopRequested{}); break;
      case RoleEvent::resync_began: machine_.process_event(role::ResyncBegan{}); break;
      case RoleEvent::stream_resumed: machine_.process_event(role::StreamResumed{}); break;
      case RoleEvent::stream_lost: machine_.process_event(role::StreamLost{}); break;
      case RoleEvent::admitted: machine_.process_event(role::Admitted{}); break;
      case RoleEvent::elected: machine_.process_event(role::Elected{}); break;
      case RoleEvent::service_ready: machine_.process_event(role::ServiceReady{}); break;
      case RoleEvent::service_failed: machine_.process_event(role::ServiceFailed{}); break;
      case RoleEvent::peer_admitted: machine_.process_event(role::PeerAdmitted{}); break;
      case RoleEvent::peer_left: machine_.process_event(role::PeerLeft{}); break;
      case RoleEvent::step_down: machine_.process_event(role::StepDown{}); break;
      case RoleEvent::lease_lost: machine_.process_event(role::LeaseLost{}); break;
      case RoleEvent::stepped_down: machine_.process_event(role::SteppedDown{}); break;
    }
  }
  [[nodiscard]] RoleState state() const { return state_of(machine_.current_state()[0]); }
  void act_by(role::Actions& actions) { machine_.actions = &actions; }

 private:
  Machine machine_;
};

namespace {

/// Does nothing, and lets the machine go the way that is wanted.
class NoActions final : public role::Actions {
 public:
  explicit NoActions(bool in_sync) : in_sync_(in_sync) {}
  void start_service() override {}
  void stop_service() override {}
  void abort_service() override {}
  [[nodiscard]] bool peer_in_sync() const override { return in_sync_; }
  [[nodiscard]] bool wants_to_run() const override { return true; }
  void unknown_transition(std::string_view, std::string_view) override {
    check_failed("restore", "I18: there is a way to every state", __FILE__, __LINE__);
  }

 private:
  bool in_sync_;
};

std::vector<RoleEvent> way_to(RoleState state) {
  switch (state) {
    case RoleState::stopped: return {};
    case RoleState::waiting: return {RoleEvent::start_requested};
    case RoleState::joining: return {RoleEvent::start_requested, RoleEvent::resync_began};
    case RoleState::secondary: return {RoleEvent::start_requested, RoleEvent::stream_resumed};
    case RoleState::promoting: return {RoleEvent::start_requested, RoleEvent::elected};
    case RoleState::alone:
    case RoleState::prim: return {RoleEvent::start_requested, RoleEvent::elected, RoleEvent::service_ready};
    case RoleState::demoting: return {RoleEvent::start_requested, RoleEvent::elected, RoleEvent::step_down};
  }
  return {};
}

}  // namespace

RoleMachine::RoleMachine(role::Actions& actions)
    : actions_(actions), backend_(std::make_unique<Backend>(actions)), state_(backend_->state()) {}

// MSM has no other way into a state than events.
void RoleMachine::restore(RoleState state) {
  NoActions none(state == RoleState::prim);
  backend_ = std::make_unique<Backend>(none);
  for (const RoleEvent event : way_to(state)) backend_->process(event);
  backend_->act_by(actions_);
  state_ = backend_->state();
  LOCKSTEP_CHECK(state_ == state, "the way to a state leads there");
}
RoleMachine::~RoleMachine() = default;
void RoleMachine::process(RoleEvent event) {
  backend_->process(event);
  state_ = backend_->state();
}

std::string_view to_string(RoleState state) {
  constexpr std::array<std::string_view, 8> names{"Stopped",   "Waiting", "Joining", "Secondary",
                                                  "Promoting", "Alone",   "Prim",    "Demoting"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(RoleEvent event) {
  constexpr std::array<std::string_view, 14> names{
      "StartRequested", "StopRequested", "ResyncBegan",  "StreamResumed", "StreamLost", "Admitted",  "Elected",
      "ServiceReady",   "ServiceFailed", "PeerAdmitted", "PeerLeft",      "StepDown",   "LeaseLost", "SteppedDown"};
  return names[static_cast<std::size_t>(event)];
}

}  // namespace lockstep::engine
