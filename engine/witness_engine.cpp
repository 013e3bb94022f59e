#include "engine/witness_engine.h"

#include "engine/cluster/voter.h"
#include "engine/planted.h"
#include "engine/values/check.h"
#include "engine/wire/codec.h"

#include <map>
#include <optional>

namespace lockstep::engine {

class WitnessEngine::Core {
 public:
  Core(const Settings& settings, WitnessPorts ports) : settings_(settings), ports_(ports) {}

  void step(Instant now, io::Event event) {
    now_ = now;
    if (const auto* booted = std::get_if<io::Booted>(&event)) {
      boot(*booted);
    } else if (const auto* arrived = std::get_if<io::FrameArrived>(&event)) {
      receive(*arrived);
    } else if (const auto* stored = std::get_if<io::JournalStored>(&event)) {
      answer_persisted(stored->ticket);
    } else if (const auto* down = std::get_if<io::LinkDown>(&event)) {
      std::erase_if(pending_, [&](const auto& entry) { return entry.second.to == down->endpoint; });
    }
  }

  [[nodiscard]] Configuration accepted() const { return voter_ ? voter_->record().accepted : Configuration{}; }

 private:
  struct PendingAnswer {
    io::Endpoint to;
    Message answer;
    Configuration accepted;  ///< as the vote left it
  };

  void boot(const io::Booted& booted) {
    const std::optional<JournalRecord> record = decode_journal(booted.journal);
    LOCKSTEP_CHECK(record.has_value(), "I13: the journal's record is of a version that this program knows");
    record_ = *record;
    ++record_.generation;
    voter_.emplace(settings_, record_.voter, now_);
    ports_.journal.store(next_ticket(), engine::encode(record_));
  }

  void receive(const io::FrameArrived& arrived) {
    const std::optional<Message> message = decode(arrived.frame);
    if (!message || !voter_) {
      ports_.link.reset(arrived.endpoint);
      return;
    }
    const NodeId from = arrived.endpoint == io::Endpoint::first ? NodeId::first : NodeId::second;
    if (const auto* heartbeat = std::get_if<Heartbeat>(&*message)) {
      const bool granted = heartbeat->wants_lease && voter_->grant_lease(from, heartbeat->state.decided, now_);
      ports_.link.send(arrived.endpoint, engine::encode(HeartbeatReply{heartbeat->sent_at, granted}));
    } else if (const auto* prepare = std::get_if<Prepare>(&*message)) {
      vote(arrived.endpoint, voter_->prepare(from, *prepare, now_));
    } else if (const auto* accept = std::get_if<Accept>(&*message)) {
      vote(arrived.endpoint, voter_->accept(from, *accept, now_));
    }
  }

  // A refusal binds nobody and may leave at once; a vote leaves when the journal has it.
  void vote(io::Endpoint to, Message answer) {
    if (std::holds_alternative<Refused>(answer) || planted(Bug::vote_before_persisted)) {
      ports_.link.send(to, engine::encode(answer));
      if (std::holds_alternative<Refused>(answer)) return;
    }
    record_.voter = voter_->record();
    const Ticket ticket = next_ticket();
    pending_.emplace(ticket, PendingAnswer{to, std::move(answer), record_.voter.accepted});
    ports_.journal.store(ticket, engine::encode(record_));
  }

  void answer_persisted(Ticket ticket) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    const PendingAnswer& pending = found->second;
    if (const auto* accepted = std::get_if<Accepted>(&pending.answer)) {
      ports_.trace.record(io::VoteCast{accepted->ballot.value, pending.accepted});
    }
    if (!planted(Bug::vote_before_persisted)) ports_.link.send(pending.to, engine::encode(pending.answer));
    pending_.erase(found);
  }

  Ticket next_ticket() { return ticket_ = ticket_.next(); }

  Settings settings_;
  WitnessPorts ports_;
  Instant now_;
  JournalRecord record_;
  std::optional<Voter> voter_;
  Ticket ticket_;
  std::map<Ticket, PendingAnswer> pending_;
};

WitnessEngine::WitnessEngine(const Settings& settings, WitnessPorts ports)
    : core_(std::make_unique<Core>(settings, ports)) {}
WitnessEngine::~WitnessEngine() = default;
void WitnessEngine::step(Instant now, io::Event event) { core_->step(now, std::move(event)); }
Configuration WitnessEngine::accepted() const { return core_->accepted(); }

}  // namespace lockstep::engine
