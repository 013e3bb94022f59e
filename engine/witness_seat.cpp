#include "engine/witness_seat.h"

#include "engine/planted.h"
#include "engine/wire/codec.h"

#include <optional>
#include <utility>
#include <variant>

namespace lockstep::engine {

namespace {
/// A node that hears nothing goes on asking: for what is older than the last few nobody waits any more.
constexpr std::size_t votes_max = 4;
}  // namespace

WitnessSeat::WitnessSeat(const Settings& settings, SeatPorts ports, std::uint64_t life)
    : ports_(ports),
      node_(settings.self == NodeId::first ? io::Endpoint::first : io::Endpoint::second),
      life_(life),
      engine_(settings, {*this, *this, ports.trace}, WitnessLives::several) {}

void WitnessSeat::step(Instant now, io::SharedRecordEvent event) {
  now_ = now;
  stepping_ = true;
  std::visit([this](const auto& happened) { on(happened); }, event);
  stepping_ = false;
}

void WitnessSeat::hear(Instant now, Buffer frame) {
  if (!seated_) return;
  now_ = now;
  if (message_number(frame.bytes()) == message_number_of<Heartbeat>) {
    heartbeat_ = std::move(frame);
  } else {
    if (votes_.size() == votes_max) votes_.pop_front();
    votes_.push_back(std::move(frame));
  }
  // Outside of a step nothing is fresh: this asks the store, and answers nothing.
  if (!stepping_) go_on();
}

void WitnessSeat::on(const io::StoreUp& /*event*/) {
  up_ = true;
  calling_ = true;
  ports_.record.read();
}

void WitnessSeat::on(const io::StoreDown& /*event*/) {
  up_ = false;
  calling_ = false;
  fresh_ = false;
  doubtful_ = true;
  votes_.clear();
  heartbeat_.reset();
  wanted_.clear();
  in_flight_.clear();
  if (booted_) engine_.step(now_, io::LinkDown{node_});
  if (std::exchange(seated_, false)) ports_.node.witness_down();
}

void WitnessSeat::on(const io::RecordRead& event) {
  if (!calling_) return;
  calling_ = false;
  if (!take_in(event.revision, event.record)) return;
  fresh_ = true;
  if (!std::exchange(seated_, true)) ports_.node.witness_up();
  go_on();
}

void WitnessSeat::on(const io::RecordReplaced& event) {
  if (!calling_) return;
  calling_ = false;
  revision_ = event.revision;
  known_ = in_flight_.back().record;
  for (const Store& stored : std::exchange(in_flight_, {})) engine_.step(now_, io::JournalStored{stored.ticket});
  go_on();
}

void WitnessSeat::on(const io::RecordSuperseded& event) {
  if (!calling_) return;
  if (planted(Bug::overtaken_life_goes_on)) return on(io::RecordReplaced{event.revision});
  calling_ = false;
  in_flight_.clear();
  wanted_.clear();
  fresh_ = false;
  overtaken_ = true;
  if (take_in(event.revision, event.record)) go_on();
}

// Compared by contents, not by revision alone: a store that was set back to an older state counts from there again.
bool WitnessSeat::take_in(io::Revision revision, const Buffer& record) {
  revision_ = revision;
  if (booted_ && !doubtful_ && !overtaken_ && record == known_) return true;
  const std::optional<SharedVote> vote = decode_shared_vote(record);
  if (!vote) {
    if (!std::exchange(told_of_foreign_, true)) {
      ports_.trace.record(io::Note{"the store's record is not one of this version; the witness takes no part"});
    }
    ports_.record.reset();
    return false;
  }
  told_of_foreign_ = false;
  known_ = record;
  overtaken_ = false;
  wanted_.clear();
  const bool gap = std::exchange(doubtful_, false);
  if (std::exchange(booted_, true)) {
    engine_.replaced(now_, *vote, gap);
  } else {
    engine_.step(now_, io::Booted{.journal = record, .retained = true, .tree = 0, .seed = life_});
  }
  return true;
}

// Each frame is answered by what the store holds at that time: so a life that only listens hears of the other's grants.
void WitnessSeat::go_on() {
  while (up_ && !calling_) {
    if (!wanted_.empty()) {
      in_flight_ = std::exchange(wanted_, {});
      calling_ = true;
      ports_.record.replace(revision_, in_flight_.back().record);
    } else if (votes_.empty() && !heartbeat_) {
      fresh_ = false;
      return;
    } else if (!std::exchange(fresh_, false)) {
      calling_ = true;
      ports_.record.read();
    } else {
      engine_.step(now_, io::FrameArrived{node_, next_frame()});
    }
  }
}

Buffer WitnessSeat::next_frame() {
  if (votes_.empty()) return *std::exchange(heartbeat_, std::nullopt);
  Buffer frame = std::move(votes_.front());
  votes_.pop_front();
  return frame;
}

void WitnessSeat::store(Ticket ticket, Buffer record) { wanted_.push_back({ticket, std::move(record)}); }

void WitnessSeat::send(io::Endpoint /*to*/, io::Frame frame) {
  if (seated_) ports_.node.witness_says(frame_bytes(frame));
}

// What the node says is damaged on no way: it is this program's own.
void WitnessSeat::reset(io::Endpoint /*to*/) { ports_.record.reset(); }

}  // namespace lockstep::engine
