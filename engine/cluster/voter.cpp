#include "engine/cluster/voter.h"

#include "engine/planted.h"

namespace lockstep::engine {

namespace {
Duration allowance_for_drift(const Settings& settings) {
  const Duration allowance{settings.timeout.ns * settings.clock_drift_per_mille / 1000};
  return planted(Bug::lease_without_drift) ? Duration{-allowance.ns} : allowance;
}
}  // namespace

Voter::Voter(const Settings& settings, VoterRecord record, Instant booted_at)
    : grant_length_(settings.timeout + allowance_for_drift(settings)),
      record_(record),
      forgotten_until_(booted_at + grant_length_) {}

bool Voter::lease_held_against(NodeId node, Instant now) const {
  if (planted(Bug::lease_granted_twice)) return false;
  if (grant_ && now < grant_->until) return grant_->holder != node;
  return now < forgotten_until_;
}

Message Voter::prepare(NodeId from, const Prepare& request, Instant now) {
  const bool by_lease = lease_held_against(from, now);
  if (by_lease || request.ballot <= record_.promised) return Refused{request.ballot, record_.promised, by_lease};
  record_.promised = request.ballot;
  return Promise{request.ballot, record_.accepted_ballot, record_.accepted};
}

Message Voter::accept(NodeId from, const Accept& request, Instant now) {
  const bool by_lease = lease_held_against(from, now);
  const bool too_old = request.ballot < record_.promised && !planted(Bug::accept_older_ballot);
  if (by_lease || too_old) return Refused{request.ballot, record_.promised, by_lease};
  record_.promised = request.ballot;
  record_.accepted_ballot = request.ballot;
  record_.accepted = request.value;
  if (grant_ && grant_->holder != request.value.primary) grant_.reset();  // its holder gave the lease up itself
  return Accepted{request.ballot};
}

bool Voter::grant_lease(NodeId holder, const Configuration& configuration, Instant now) {
  const Configuration& known = record_.accepted;
  const bool superseded =
      configuration.epoch < known.epoch && known.primary != holder && !planted(Bug::lease_granted_twice);
  const bool taken = grant_ && now < grant_->until && grant_->holder != holder;
  if (superseded || taken) return false;
  grant_ = Grant{holder, now + grant_length_};
  return true;
}

}  // namespace lockstep::engine
