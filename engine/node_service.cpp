// Being primary: the service comes up under a lease, goes down in order or at once, and is handed over.
#include "engine/node_core.h"
#include "engine/values/check.h"

namespace lockstep::engine {

void NodeEngine::Core::start_service() {
  const bool counted = in_sync(peer_);
  stream_.begin(known().epoch, replica_.applied(), counted ? PeerStanding::counted : PeerStanding::out);
  replica_.detach();
  target_.abandon();
  pipeline_.open();
  lease_.drop();
  contact_ = {};
  lease_wanted_since_ = context_.now;
  service_due_ = true;
  // From now on its tree is what counts: nobody can hold more.
  intact_ = true;
  record_.complete = true;
  leave_wanted_ = false;
  succession_ = Succession::none;
  handing_over_ = false;
  if (counted) {
    context_.ports.timers.arm(io::TimerId::link_grace, context_.now + context_.settings.timeout);
  }
}

void NodeEngine::Core::stop_service() {
  service_due_ = false;
  service_.stop();
}

void NodeEngine::Core::abort_service() {
  service_due_ = false;
  succession_ = Succession::none;
  handing_over_ = false;
  pipeline_.close();
  service_.abort();
}

void NodeEngine::Core::unknown_transition(std::string_view state, std::string_view event) {
  context_.ports.trace.record(io::UnknownTransition{state, event});
  check_failed("role table", "I18: an event that the transition table does not know never happens", __FILE__, __LINE__);
}

void NodeEngine::Core::handle(Service::Outcome outcome) {
  switch (outcome) {
    case Service::Outcome::none:
    case Service::Outcome::mounted: return;
    case Service::Outcome::ready:
      if (state() == RoleState::promoting) process(RoleEvent::service_ready);
      return;
    case Service::Outcome::failed:
      // Started again at once it would most likely fail again: it is left to the other node, or to a person.
      reason_ = service_.error();
      wish_ = Wish::stopped;
      succession_ = in_sync(peer_) ? Succession::peer_alone : Succession::none;
      if (state() == RoleState::demoting) return service_.stop();
      return process(RoleEvent::service_failed);
    case Service::Outcome::gone:
      if (!cleaned_up_) {
        cleaned_up_ = true;
        if (wish_ != Wish::stopped) process(RoleEvent::start_requested);
        return;
      }
      pipeline_.close();
      step_down_until_ = context_.now + context_.settings.timeout;
      return;
  }
}

void NodeEngine::Core::step_down(Succession succession, std::string why) {
  LOCKSTEP_CHECK(is_primary() && state() != RoleState::demoting, "only a primary steps down, once");
  succession_ = in_sync(peer_) ? succession : Succession::none;
  reason_ = std::move(why);
  step_down_until_ = context_.now + context_.settings.timeout;
  process(RoleEvent::step_down);
}

void NodeEngine::Core::distrust_own_disk() {
  intact_ = false;
  const std::string why = "this node's disk failed to keep a write (fsync); it answers every further fsync with EIO";
  if (state() == RoleState::demoting) {
    if (succession_ == Succession::peer_with_us) succession_ = Succession::peer_alone;
  } else if (in_sync(peer_)) {
    step_down(Succession::peer_alone, why);
  } else {
    reason_ = why;
  }
}

// The mount is closed: nothing new can come. The successor must have everything before it is proposed.
void NodeEngine::Core::continue_stepping_down() {
  if (state() != RoleState::demoting || !service_.idle()) return;
  const bool successor = succession_ != Succession::none && in_sync(peer_) && !leave_wanted_;
  if (!successor || context_.now >= step_down_until_) return finish_stepping_down();
  if (handing_over_) return;
  if (!pipeline_.settled() || !stream_.attached() || !stream_.window_empty()) return;
  handing_over_ = true;
  lease_.drop();
}

void NodeEngine::Core::finish_stepping_down() {
  // Only an orderly swap leaves both trees equal at a known place of the new reign.
  const bool swapped = handing_over_ && known().primary == peer_ && in_sync(self_);
  replica_.set_position(swapped ? known().epoch : Epoch(0), stream_.last());
  handing_over_ = false;
  succession_ = Succession::none;
  leave_wanted_ = false;
  pipeline_.clear();
  source_.abandon();
  stream_.release_peer();
  lease_.drop();
  context_.ports.timers.cancel(io::TimerId::link_grace);
  persist();
  process(RoleEvent::stepped_down);
  send_heartbeats();
}

}  // namespace lockstep::engine
