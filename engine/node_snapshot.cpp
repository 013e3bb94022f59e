// All of a node's state, to bytes and back. A member that is missing here is found by lockstep-sim run --replay, which
// lets restored engines go on.
#include "engine/node_core.h"
#include "engine/recording/record_archive.h"

#include <type_traits>

namespace lockstep::engine {

void NodeEngine::Core::fields(auto& self, auto& archive) {
  constexpr bool reads = std::remove_reference_t<decltype(archive)>::reads;
  const auto plain = [&archive](auto& value) { archive(value); };
  Context::fields(self.context_, archive);

  archive(self.record_, self.booted_, self.cleaned_up_, self.cache_retained_, self.intact_);
  archive.ranged(self.wish_, Wish::stopped);
  archive.spoken(self.reason_);
  archive(self.random_);
  archive.table(self.persisting_, [&archive](auto& then) { continuation_fields(then, archive); });

  bool votes = self.voter_.has_value();
  archive(votes);
  if constexpr (reads) {
    if (votes) self.voter_.emplace(self.context_.settings, self.record_.voter, self.context_.now, self.context_.mark);
    if (votes) {
      self.recollection_.emplace(voter(self.self_), self.record_, 0, others_of(self.context_.settings));
    }
  }
  if (self.voter_) Voter::fields(*self.voter_, archive);
  if (self.recollection_) Recollection::fields(*self.recollection_, archive);
  Proposer::fields(self.proposer_, archive);
  StandIn::fields(self.stand_in_, archive);
  archive(self.stood_in_);
  archive.ranged(self.intent_, Intent::go_on_alone);
  bool proposing = self.proposer_.busy();
  archive(proposing, self.register_pause_.ns, self.initialise_wanted_);
  if constexpr (reads) {
    if (proposing) self.proposer_.go_on(self.change_of(self.intent_));
  }
  archive.maybe(self.force_until_, plain);
  Lease::fields(self.lease_, archive);
  for (auto& at : self.contact_) archive(at);
  archive(self.lease_wanted_since_, self.take_over_not_before_, self.service_due_, self.held_until_, self.writable_,
          self.noted_epoch_);

  archive.maybe(self.peer_state_, plain);
  archive(self.peer_heard_, self.peer_up_since_, self.waiting_since_);
  archive(self.indexed_);
  archive.maybe(self.attach_sent_, plain);
  archive(self.attach_not_before_, self.resync_patience_.ns, self.acknowledgement_armed_, self.leave_wanted_);
  archive.ranged(self.succession_, Succession::peer_with_us);
  archive(self.handing_over_, self.step_down_until_);

  RoleState state = self.roles_.state();
  archive.ranged(state, RoleState::demoting);
  if constexpr (reads) self.roles_.restore(state);
  Service::fields(self.service_, archive);
  CheckSchedule::fields(self.checks_, archive);
  RestartBudget::fields(self.budget_, archive);
  archive(self.limit_reached_, self.peer_rejoined_);
  PrimaryStream::fields(self.stream_, archive);
  TouchedSet::fields(self.touched_, archive);
  archive.maybe(self.checkpoint_, [&archive](auto& c) {
    archive(c.last, c.opens, c.base, c.lsn, c.sync, c.synced_here, c.synced_there, c.noted);
  });
  archive(self.checkpoint_begun_, self.peer_ground_);
  archive.list(self.sent_touches_, plain);
  archive.maybe(self.sync_all_wanted_, plain);
  archive(self.sync_all_, self.sync_all_covers_, self.giving_up_);
  RequestPipeline::fields(self.pipeline_, archive);
  ReplicaStream::fields(self.replica_, archive, const_cast<ResyncTarget&>(self.target_).listener());
  ResyncSource::fields(self.source_, archive);
  ResyncTarget::fields(self.target_, archive);
  Salvage::fields(self.salvage_, archive);
  VerifySource::fields(self.verify_source_, archive);
  VerifyTarget::fields(self.verify_target_, archive);
  archive(self.verify_due_from_, self.look_again_);
}

void NodeEngine::Core::continuation_fields(auto& then, auto& archive) {
  auto kind = static_cast<std::uint64_t>(then.index());
  archive(kind);
  if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
    switch (kind) {
      case 0: then = TreeMarked{}; break;
      case 1: then = TreeComplete{}; break;
      case 2: then = VoteStored{}; break;
      case 3: then = FirstStartNoted{}; break;
      case 4: then = VotesLearned{}; break;
      case 5: then = CheckpointNoted{}; break;
      case 6: then = CoolingNoted{}; break;
      case 7: then = ListGivenUp{}; break;
      case 8: then = ConfigurationNoted{}; break;
      case 9: then = GroundForgotten{}; break;
      default: return archive.fail();
    }
  }
  if (auto* noted = std::get_if<CheckpointNoted>(&then)) archive(noted->lsn);
  if (auto* noted = std::get_if<ConfigurationNoted>(&then)) archive(noted->epoch);
  if (auto* noted = std::get_if<CoolingNoted>(&then)) archive(noted->lsn, noted->as_primary);
  if (auto* vote = std::get_if<VoteStored>(&then)) {
    archive.ranged(vote->to, VoterId::witness);
    recording::message_fields(vote->answer, archive);
    archive(vote->accepted, vote->early, vote->with_stand_in);
  }
}

void NodeEngine::save(recording::RecordWriter& snapshot) const {
  Core::fields(static_cast<const Core&>(*core_), snapshot);
}

bool NodeEngine::restore(recording::RecordReader& snapshot) {
  Core::fields(*core_, snapshot);
  return !snapshot.failed() && snapshot.at_end();
}

}  // namespace lockstep::engine
