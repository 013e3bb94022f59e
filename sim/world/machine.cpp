#include "sim/world/machine.h"

#include "sim/overloaded.h"
#include "sim/world/footprint.h"

#include <algorithm>
#include <utility>

namespace lockstep::sim {

namespace {

// What comes from one source comes in order; a sync overtakes others, and so do a user's requests.
std::uint32_t lane_of(const io::Event& event) {
  enum Lane : std::uint32_t {
    journal = 1,
    volume,
    mount,
    application,
    console,
    touches,
    links,
    background = links + 4,
    timers = 16,
    checks = 28,
    syncs = 32
  };
  constexpr std::size_t checks_apart = 4;
  constexpr std::uint32_t syncs_apart = 1U << 20U;
  return std::visit(
      Overloaded{
          [](const io::LinkUp& e) { return links + static_cast<std::uint32_t>(e.endpoint); },
          [](const io::LinkDown& e) { return links + static_cast<std::uint32_t>(e.endpoint); },
          [](const io::FrameArrived& e) { return links + static_cast<std::uint32_t>(e.endpoint); },
          [](const io::TimerFired& e) { return timers + static_cast<std::uint32_t>(e.timer); },
          [](const io::JournalStored&) { return std::uint32_t{journal}; },
          [](const io::TouchesLogged&) { return std::uint32_t{touches}; },
          [](const io::Synced& e) { return syncs + static_cast<std::uint32_t>(e.ticket.value % syncs_apart); },
          [](const io::SetAside& e) { return syncs + static_cast<std::uint32_t>(e.ticket.value % syncs_apart); },
          [](const io::RequestArrived& e) {
            return syncs + syncs_apart + static_cast<std::uint32_t>(e.request.value % syncs_apart);
          },
          [](const io::MountOpened&) { return std::uint32_t{mount}; },
          [](const io::MountClosed&) { return std::uint32_t{mount}; },
          [](const io::PhaseEnded&) { return std::uint32_t{application}; },
          [](const io::CheckEnded& e) { return checks + static_cast<std::uint32_t>(e.check % checks_apart); },
          [](const io::CheckPrompted& e) { return checks + static_cast<std::uint32_t>(e.check % checks_apart); },
          [](const io::WorkDone&) { return std::uint32_t{background}; },
          [](const io::CommandGiven&) { return std::uint32_t{console}; },
          [](const auto&) { return std::uint32_t{volume}; },
      },
      event);
}

}  // namespace

template <typename Action>
void Machine::schedule(Time when, Action action, Tag tag) {
  auto in_this_life = [this, life = life_, action = std::move(action)]() mutable {
    if (running_ && life == life_) action();
  };
  scheduler_.at(when, std::move(in_this_life), tag);
}

void Machine::at(Time when, std::function<void()> action) {
  schedule(when, std::move(action), Tag{footprint_of(place_), 0});
}

void Machine::deliver(Time when, io::Event event, std::function<bool()> still_valid) {
  const std::uint32_t lane = lane_of(event);
  // Whether a connection begins or ends for this side depends on the other and on the cable.
  const bool concerns_cables = std::holds_alternative<io::LinkUp>(event) || std::holds_alternative<io::LinkDown>(event);
  const Footprint footprint = footprint_of(place_) | (concerns_cables ? every_cable : Footprint{0});
  auto arrive = [this, waiting = Waiting{std::move(event), std::move(still_valid)}]() mutable {
    if (paused_) {
      backlog_.push_back(std::move(waiting));
    } else {
      hand_over(std::move(waiting));
    }
  };
  schedule(when, std::move(arrive), Tag{footprint, lane});
}

void Machine::hand_over(Waiting waiting) {
  if (waiting.still_valid && !waiting.still_valid()) return;
  observer_.delivering(place_, waiting.event);
  step(std::move(waiting.event));
  observer_.stepped(place_);
}

void Machine::start() {
  if (running_ || !can_begin()) return;
  random_ = lives_.numbered(++life_);
  ++awakenings_;
  running_ = true;
  paused_ = false;
  backlog_.clear();
  observer_.started(place_);
  hand_over({begin_life(), {}});
}

void Machine::stop(bool power_lost) {
  if (running_ || power_lost) {
    running_ = false;
    paused_ = false;
    backlog_.clear();
    end_life(power_lost);
    observer_.stopped(place_, power_lost);
  }
}

void Machine::resume() {
  if (!paused_) return;
  ++awakenings_;
  paused_ = false;
  // A program that wakes up looks at its timers before or after its sockets, as its loop has it.
  const bool timers_first = random_.chance(50);
  std::deque<Waiting> backlog = std::exchange(backlog_, {});
  std::stable_partition(backlog.begin(), backlog.end(), [&](const Waiting& waiting) {
    return std::holds_alternative<io::TimerFired>(waiting.event) == timers_first;
  });
  const std::uint64_t life = life_;
  for (Waiting& waiting : backlog) {
    if (!running_ || life != life_) return;
    hand_over(std::move(waiting));
  }
}

}  // namespace lockstep::sim
