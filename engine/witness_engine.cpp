#include "engine/witness_engine.h"

#include "engine/cluster/recollection.h"
#include "engine/cluster/voter.h"
#include "engine/planted.h"
#include "engine/recording/fields.h"
#include "engine/recording/record_archive.h"
#include "engine/values/check.h"
#include "engine/wire/codec.h"

#include <map>
#include <optional>
#include <type_traits>

namespace lockstep::engine {

namespace {
/// A node's journal may go on by so many records before the store has to know of it.
constexpr std::uint64_t records_unnoted_max = 4;
}  // namespace

class WitnessEngine::Core {
 public:
  Core(const Settings& settings, WitnessPorts ports, WitnessLives lives)
      : settings_(settings), ports_(ports), mark_(ports.trace), shared_(lives == WitnessLives::several) {}

  void step(Instant now, io::Event event) {
    now_ = now;
    if (const auto* booted = std::get_if<io::Booted>(&event)) {
      boot(*booted);
    } else if (const auto* arrived = std::get_if<io::FrameArrived>(&event)) {
      receive(*arrived);
    } else if (const auto* stored = std::get_if<io::JournalStored>(&event)) {
      recollection_->stored();
      answer_persisted(stored->ticket);
    } else if (const auto* down = std::get_if<io::LinkDown>(&event)) {
      const auto dropped =
          std::erase_if(pending_, [&](const auto& entry) { return entry.second.to == down->endpoint; });
      if (dropped != 0) mark_(Mark::witness_drops_answer);
    }
  }

  void replaced(Instant now, const SharedVote& vote, bool gap) {
    now_ = now;
    if (!pending_.empty()) mark_(Mark::witness_life_overtaken);
    pending_.clear();
    remembering_.reset();
    record_ = vote.record;
    record_.owner = VoterId::witness;
    voter_->go_on_from(record_.voter);
    const bool granted = vote.grants != grants_known_ || (gap && vote.grants != 0);
    vote_ = vote;
    grants_known_ = vote.grants;
    if (!record_.remembers || (gap && vote.grants == 0)) {
      // What was granted may have been lost with the record.
      if (!planted(Bug::lost_grants_ignored)) voter_->forget_grants(now_);
    } else if (granted && !planted(Bug::other_lives_grants_ignored)) {
      voter_->learn_of_grant(vote.granted_to, now_);
    }
    // What this life has found out must be in the record, however its connection to the store went.
    const bool older = forgotten_ && vote.forgettings <= *forgotten_;
    if (!older) forgotten_.reset();
    if (recollection_->replaced(record_, voter(settings_.self), older) == Recollection::Lesson::forgotten) {
      forget("the store holds an older copy of this witness's votes");
    } else {
      hear_of_other();
    }
    voter_->set_suffrage(recollection_->suffrage());
  }

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.now_, self.record_, self.vote_, self.grants_known_, self.ticket_);
    bool booted = self.voter_.has_value();
    archive(booted);
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      if (booted) self.voter_.emplace(self.settings_, self.record_.voter, self.now_, self.mark_);
      if (booted) self.recollection_.emplace(VoterId::witness, self.record_, 0);
    }
    if (self.voter_) Voter::fields(*self.voter_, archive);
    if (self.recollection_) Recollection::fields(*self.recollection_, archive);
    archive.maybe(self.remembering_, [&archive](auto& ticket) { archive(ticket); });
    archive.maybe(self.forgotten_, [&archive](auto& forgettings) { archive(forgettings); });
    archive.table(self.pending_, [&archive](auto& pending) {
      archive.ranged(pending.to, io::Endpoint::second);
      recording::message_fields(pending.answer, archive);
      archive(pending.accepted, pending.grants);
    });
  }

  [[nodiscard]] Configuration accepted() const { return voter_ ? voter_->record().accepted : Configuration{}; }

 private:
  struct PendingAnswer {
    io::Endpoint to{};
    Message answer;
    Configuration accepted;    ///< as the vote left it
    std::uint64_t grants = 0;  ///< then, of several lives
  };

  void boot(const io::Booted& booted) {
    if (shared_) {
      const std::optional<SharedVote> vote = decode_shared_vote(booted.journal);
      LOCKSTEP_CHECK(vote.has_value(), "I13: the shared record is of a version that this program knows");
      vote_ = *vote;
    } else {
      const std::optional<JournalRecord> record = decode_journal(booted.journal);
      LOCKSTEP_CHECK(record.has_value(), "I13: the journal's record is of a version that this program knows");
      vote_.record = *record;
    }
    if (vote_.record.owner == VoterId::witness) record_ = vote_.record;
    record_.owner = VoterId::witness;
    ++record_.generation;
    if (planted(Bug::witness_forgets_accepted)) record_.voter = {record_.voter.promised, Ballot(0), {}};
    grants_known_ = vote_.grants;
    // Whoever was granted the last lease knew of all others.
    voter_.emplace(settings_, record_.voter, now_, mark_,
                   vote_.grants != 0 ? std::optional(vote_.granted_to) : std::nullopt);
    voter_->set_suffrage(Suffrage::none);
    recollection_.emplace(VoterId::witness, record_, booted.seed);
    hear_of_other();
    store();
  }

  void receive(const io::FrameArrived& arrived) {
    const std::optional<Message> message = decode(arrived.frame);
    if (!message || !voter_) {
      if (!message) ports_.trace.record(io::Note{"a frame arrived damaged; the connection is given up"});
      mark_(Mark::witness_frame_damaged);
      ports_.link.reset(arrived.endpoint);
      return;
    }
    const NodeId from = arrived.endpoint == io::Endpoint::first ? NodeId::first : NodeId::second;
    if (const auto* heartbeat = std::get_if<Heartbeat>(&*message)) {
      hear(voter(from), *heartbeat);
      const bool granted = heartbeat->wants_lease && voter_->grant_lease(from, heartbeat->state.decided, now_);
      HeartbeatReply reply{heartbeat->sent_at, granted, recollection_->memory(voter(from), voter_->record())};
      if (shared_ && granted) {
        share_grant(from);
        pending_.emplace(store(), PendingAnswer{arrived.endpoint, reply, {}, vote_.grants});
      } else {
        ports_.link.send(arrived.endpoint, engine::encode(reply));
      }
    } else if (const auto* prepare = std::get_if<Prepare>(&*message)) {
      vote(arrived.endpoint, voter_->prepare(from, *prepare, now_));
    } else if (const auto* accept = std::get_if<Accept>(&*message)) {
      vote(arrived.endpoint, voter_->accept(from, *accept, now_));
    }
  }

  // A refusal binds nobody and may leave at once; a vote leaves when the journal has it.
  void vote(io::Endpoint to, Message answer) {
    if (std::holds_alternative<Refused>(answer) || planted(Bug::witness_votes_before_persisted)) {
      ports_.link.send(to, engine::encode(answer));
      if (std::holds_alternative<Refused>(answer)) return;
    }
    record_.voter = voter_->record();
    if (std::holds_alternative<Accepted>(answer)) {
      go_on_without_memory();
      const NodeId primary = record_.voter.accepted.primary;
      if (shared_ && vote_.grants != 0 && vote_.granted_to != primary) share_grant(primary);
    }
    pending_.emplace(store(), PendingAnswer{to, std::move(answer), record_.voter.accepted, vote_.grants});
  }

  void share_grant(NodeId holder) {
    vote_.granted_to = holder;
    if (!planted(Bug::grant_not_shared)) ++vote_.grants;
  }

  void hear(VoterId from, const Heartbeat& heartbeat) {
    const auto lesson = recollection_->hear(from, heartbeat.memory, heartbeat.state.decided.initialised());
    if (lesson == Recollection::Lesson::forgotten) {
      forget("others know more of this witness's votes than its journal does: its disk holds an older copy");
    } else {
      if (shared_) share(from, heartbeat.memory);
      learn(lesson);
    }
    voter_->set_suffrage(recollection_->suffrage());
  }

  void forget(std::string what) {
    mark_(Mark::witness_memory_older_copy);
    note(std::move(what));
    record_.remembers = false;
    if (shared_) {
      forgotten_ = vote_.forgettings;
      ++vote_.forgettings;
      vote_.heard = {};
      vote_.grants = 0;
      recollection_->hear_anew();
      voter_->forget_grants(now_);
    }
    store();
  }

  void learn(Recollection::Lesson lesson) {
    if (lesson != Recollection::Lesson::learned) return;
    mark_(Mark::witness_memory_learned);
    voter_->adopt(recollection_->learned());
    record_.voter = voter_->record();
    record_.remembers = true;
    remembering_ = store();
  }

  // Each life hears one node only. What both nodes say is needed to learn what was forgotten, and how far a node's
  // journal was is asked when that node, and this life with it, has begun again.
  void share(VoterId from, const VoterMemory& memory) {
    VoterMemory& shared = vote_.heard[static_cast<std::size_t>(from)];
    const bool told =
        shared.life == memory.life && shared.remembers == memory.remembers && shared.votes == memory.votes;
    const SeenJournal& stored = vote_.record.seen[static_cast<std::size_t>(from)];
    const SeenJournal& seen = recollection_->seen(from);
    const bool noted = stored.life == seen.life && seen.sequence < stored.sequence + records_unnoted_max;
    if ((told || recollection_->remembers()) && noted) return;
    if (!recollection_->remembers()) shared = memory;
    store();
  }

  void hear_of_other() {
    if (!shared_ || recollection_->remembers()) return;
    const NodeId other = lockstep::other(settings_.self);
    const VoterMemory& memory = vote_.heard[static_cast<std::size_t>(other)];
    if (memory.life != 0) learn(recollection_->hear_through_record(voter(other), memory));
  }

  // Only a forced election has the vote of a voter that has forgotten something.
  void go_on_without_memory() {
    if (recollection_->remembers()) return;
    mark_(Mark::witness_memory_forced);
    note("votes again without knowing what it had promised: an administrator forced an election");
    recollection_->forced();
    record_.remembers = true;
    voter_->set_suffrage(recollection_->suffrage());
  }

  void note(std::string text) { ports_.trace.record(io::Note{std::move(text)}); }

  Ticket store() {
    recollection_->storing(record_);
    const Ticket ticket = next_ticket();
    vote_.record = record_;
    ports_.journal.store(ticket, shared_ ? engine::encode(vote_) : engine::encode(record_));
    return ticket;
  }

  void answer_persisted(Ticket ticket) {
    if (remembering_ == ticket) {
      recollection_->remembered();
      voter_->set_suffrage(recollection_->suffrage());
    }
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    const PendingAnswer& pending = found->second;
    grants_known_ = pending.grants;
    if (const auto* accepted = std::get_if<Accepted>(&pending.answer)) {
      ports_.trace.record(io::VoteCast{accepted->ballot.value, pending.accepted});
    }
    if (!planted(Bug::witness_votes_before_persisted)) ports_.link.send(pending.to, engine::encode(pending.answer));
    pending_.erase(found);
  }

  Ticket next_ticket() { return ticket_ = ticket_.next(); }

  Settings settings_;
  WitnessPorts ports_;
  MarkSink mark_;
  bool shared_;
  Instant now_;
  JournalRecord record_;
  SharedVote vote_;                 ///< as it was last found or handed over
  std::uint64_t grants_known_ = 0;  ///< those of them that are known to be stored
  std::optional<Voter> voter_;
  std::optional<Recollection> recollection_;
  std::optional<std::uint64_t> forgotten_;  ///< a record with no more forgettings does not know of this life's
  std::optional<Ticket> remembering_;       ///< stores what was learned from the others
  Ticket ticket_;
  std::map<Ticket, PendingAnswer> pending_;
};

WitnessEngine::WitnessEngine(const Settings& settings, WitnessPorts ports, WitnessLives lives)
    : core_(std::make_unique<Core>(settings, ports, lives)) {}
WitnessEngine::~WitnessEngine() = default;
void WitnessEngine::step(Instant now, io::Event event) { core_->step(now, std::move(event)); }
void WitnessEngine::replaced(Instant now, const SharedVote& vote, bool gap) { core_->replaced(now, vote, gap); }
Configuration WitnessEngine::accepted() const { return core_->accepted(); }
void WitnessEngine::save(recording::RecordWriter& snapshot) const {
  Core::fields(static_cast<const Core&>(*core_), snapshot);
}
bool WitnessEngine::restore(recording::RecordReader& snapshot) {
  Core::fields(*core_, snapshot);
  return !snapshot.failed() && snapshot.at_end();
}

}  // namespace lockstep::engine
