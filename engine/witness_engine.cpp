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

class WitnessEngine::Core {
 public:
  Core(const Settings& settings, WitnessPorts ports) : settings_(settings), ports_(ports), mark_(ports.trace) {}

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

  /// All of its state, for a snapshot.
  static void fields(auto& self, auto& archive) {
    archive(self.now_, self.record_, self.ticket_);
    bool booted = self.voter_.has_value();
    archive(booted);
    if constexpr (std::remove_reference_t<decltype(archive)>::reads) {
      if (booted) self.voter_.emplace(self.settings_, self.record_.voter, self.now_, self.mark_);
      if (booted) self.recollection_.emplace(VoterId::witness, self.record_, 0);
    }
    if (self.voter_) Voter::fields(*self.voter_, archive);
    if (self.recollection_) Recollection::fields(*self.recollection_, archive);
    archive.maybe(self.remembering_, [&archive](auto& ticket) { archive(ticket); });
    archive.table(self.pending_, [&archive](auto& pending) {
      archive.ranged(pending.to, io::Endpoint::second);
      recording::message_fields(pending.answer, archive);
      archive(pending.accepted);
    });
  }

  [[nodiscard]] Configuration accepted() const { return voter_ ? voter_->record().accepted : Configuration{}; }

 private:
  struct PendingAnswer {
    io::Endpoint to{};
    Message answer;
    Configuration accepted;  ///< as the vote left it
  };

  void boot(const io::Booted& booted) {
    const std::optional<JournalRecord> record = decode_journal(booted.journal);
    LOCKSTEP_CHECK(record.has_value(), "I13: the journal's record is of a version that this program knows");
    if (record->owner == VoterId::witness) record_ = *record;
    record_.owner = VoterId::witness;
    ++record_.generation;
    if (planted(Bug::witness_forgets_accepted)) record_.voter = {record_.voter.promised, Ballot(0), {}};
    voter_.emplace(settings_, record_.voter, now_, mark_);
    voter_->set_suffrage(Suffrage::none);
    recollection_.emplace(VoterId::witness, record_, booted.seed);
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
      ports_.link.send(arrived.endpoint,
                       engine::encode(HeartbeatReply{heartbeat->sent_at, granted,
                                                     recollection_->memory(voter(from), voter_->record())}));
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
    if (std::holds_alternative<Accepted>(answer)) go_on_without_memory();
    pending_.emplace(store(), PendingAnswer{to, std::move(answer), record_.voter.accepted});
  }

  void hear(VoterId from, const Heartbeat& heartbeat) {
    const auto lesson = recollection_->hear(from, heartbeat.memory, heartbeat.state.decided.initialised());
    if (lesson == Recollection::Lesson::forgotten) {
      mark_(Mark::witness_memory_older_copy);
      note("others know more of this witness's votes than its journal does: its disk holds an older copy");
      record_.remembers = false;
      store();
    } else if (lesson == Recollection::Lesson::learned) {
      mark_(Mark::witness_memory_learned);
      voter_->adopt(recollection_->learned());
      record_.voter = voter_->record();
      record_.remembers = true;
      remembering_ = store();
    }
    voter_->set_suffrage(recollection_->suffrage());
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
    ports_.journal.store(ticket, engine::encode(record_));
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
  Instant now_;
  JournalRecord record_;
  std::optional<Voter> voter_;
  std::optional<Recollection> recollection_;
  std::optional<Ticket> remembering_;  ///< stores what was learned from the others
  Ticket ticket_;
  std::map<Ticket, PendingAnswer> pending_;
};

WitnessEngine::WitnessEngine(const Settings& settings, WitnessPorts ports)
    : core_(std::make_unique<Core>(settings, ports)) {}
WitnessEngine::~WitnessEngine() = default;
void WitnessEngine::step(Instant now, io::Event event) { core_->step(now, std::move(event)); }
Configuration WitnessEngine::accepted() const { return core_->accepted(); }
void WitnessEngine::save(recording::RecordWriter& snapshot) const {
  Core::fields(static_cast<const Core&>(*core_), snapshot);
}
bool WitnessEngine::restore(recording::RecordReader& snapshot) {
  Core::fields(*core_, snapshot);
  return !snapshot.failed() && snapshot.at_end();
}

}  // namespace lockstep::engine
