#include "engine/cluster/voter.h"

#include "engine/planted.h"

namespace lockstep::engine {

namespace {
Duration allowance_for_drift(const Settings& settings) {
  const Duration allowance{settings.timeout.ns * settings.clock_drift_per_mille / 1000};
  return planted(Bug::lease_without_drift) ? Duration{-allowance.ns} : allowance;
}
}  // namespace

Voter::Voter(const Settings& settings, VoterRecord record, Instant booted_at, MarkSink mark,
             std::optional<NodeId> only_granted_to)
    : grant_length_(settings.timeout + allowance_for_drift(settings)),
      record_(record),
      forgotten_until_(planted(Bug::grant_forgotten) ? booted_at : booted_at + grant_length_),
      mark_(mark) {
  if (only_granted_to) grant_ = Grant{*only_granted_to, booted_at + grant_length_};
  if (planted(Bug::promise_forgotten)) record_.promised = record_.accepted_ballot;
}

bool Voter::lease_held_against(NodeId node, Instant now) const {
  if (planted(Bug::lease_granted_twice) || planted(Bug::grant_not_waited_for)) return false;
  if (granted_now(now)) return grant_->holder != node;
  return now < forgotten_until_;
}

bool Voter::ready_for(bool forced) const {
  return suffrage_ == Suffrage::full || (forced && suffrage_ == Suffrage::forced_elections);
}

Message Voter::prepare(NodeId from, const Prepare& request, Instant now) {
  const bool by_lease = lease_held_against(from, now);
  const bool ready = ready_for(request.forced);
  if (!ready || by_lease || request.ballot <= record_.promised) {
    mark_(!ready             ? Mark::vote_refused_forgetful
          : !by_lease        ? Mark::prepare_refused_old_ballot
          : granted_now(now) ? Mark::prepare_refused_by_lease
                             : Mark::prepare_refused_after_restart);
    return Refused{request.ballot, record_.promised, by_lease};
  }
  mark_(record_.accepted_ballot == Ballot(0) ? Mark::promise_without_value : Mark::promise_with_value);
  record_.promised = request.ballot;
  if (request.forced) forced_ballot_ = request.ballot;
  return Promise{request.ballot, record_.accepted_ballot, record_.accepted};
}

Message Voter::accept(NodeId from, const Accept& request, Instant now) {
  const bool by_lease = lease_held_against(from, now);
  const bool too_old = request.ballot < record_.promised && !planted(Bug::accept_older_ballot);
  const bool ready = ready_for(request.ballot == forced_ballot_);
  if (!ready || by_lease || too_old) {
    mark_(!ready    ? Mark::vote_refused_forgetful
          : too_old ? Mark::accept_refused_old_ballot
                    : Mark::accept_refused_by_lease);
    return Refused{request.ballot, record_.promised, by_lease};
  }
  if (request.ballot > record_.promised) mark_(Mark::accept_without_promise);
  record_.promised = request.ballot;
  record_.accepted_ballot = request.ballot;
  record_.accepted = request.value;
  if (grant_ && grant_->holder != request.value.primary) {
    if (granted_now(now)) mark_(Mark::vote_ends_grant);
    grant_.reset();  // its holder gave the lease up itself
  }
  return Accepted{request.ballot};
}

void Voter::learn_of_grant(NodeId holder, Instant now) { grant_ = Grant{holder, now + grant_length_}; }

void Voter::forget_grants(Instant now) {
  grant_.reset();
  forgotten_until_ = now + grant_length_;
}

bool Voter::grant_lease(NodeId holder, const Configuration& configuration, Instant now) {
  if (suffrage_ != Suffrage::full) return false;
  const Configuration& known = record_.accepted;
  const bool superseded =
      configuration.epoch < known.epoch && known.primary != holder && !planted(Bug::lease_granted_twice);
  const bool taken = granted_now(now) && grant_->holder != holder;
  if (superseded || taken) {
    mark_(superseded ? Mark::lease_refused_superseded : Mark::lease_refused_taken);
    return false;
  }
  grant_ = Grant{holder, now + grant_length_};
  return true;
}

}  // namespace lockstep::engine
