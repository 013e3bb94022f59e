#include "sim/world/world.h"

#include "sim/faults/faults.h"
#include "sim/planted/planted.h"
#include "sim/world/hash_event.h"

#include <sys/stat.h>

namespace lockstep::sim {

namespace {

constexpr Time first_start_at = one_second;
constexpr Time faults_begin = 3 * one_second;
constexpr Time load_after_heal = 2 * one_second;
constexpr Time poll_interval = 100 * one_ms;
constexpr Time quiet_before_rest = 500 * one_ms;
/// Healed for good, a cluster must be in sync within this long, whatever happened before.
constexpr Time rest_limit = 90 * one_second;

engine::Settings settings_of(const Mix& mix) {
  engine::Settings settings;
  settings.durability = mix.durability;
  settings.timeout = Duration{mix.timeout};
  settings.heartbeat_interval = Duration{mix.timeout / 10};
  settings.phase_timeout = Duration{10 * one_second};
  settings.clock_drift_per_mille = mix.clock_drift_per_mille;
  return settings;
}

DriftingClock draw_clock(const engine::Settings& settings, Random& random) {
  // Each clock may be off by half of what two clocks may differ.
  constexpr std::int64_t beyond_every_bound_ppm = 200'000;
  const std::int64_t ppm =
      planted(SimBug::clock_beyond_drift) ? beyond_every_bound_ppm : settings.clock_drift_per_mille * 1000 / 2;
  return {random.between(0, 1000) * one_second + random.between(0, one_second), random.between(-ppm, ppm)};
}

}  // namespace

void World::Recorder::delivering(Place to, const io::Event& event) {
  ++events;
  hash.add(scheduler_.now());
  hash.add(std::uint64_t{index_of(to)});
  hash_event(hash, event);
}

void World::Recorder::traced(Place /*by*/, const io::TraceEvent& event) {
  if (std::holds_alternative<io::RequestAcknowledged>(event)) ++acknowledged;
}

World::World(std::uint64_t seed, const Mix& mix, Random random)
    : seed_(seed), mix_(mix), random_(random), scheduler_(random_.fork()), recorder_(scheduler_) {
  observers_.add(recorder_);
  const engine::Settings settings = settings_of(mix);
  for (const NodeId id : every_node) {
    const DriftingClock clock = draw_clock(settings, random_);
    nodes_[index_of(id)] = std::make_unique<Node>(id, settings, scheduler_, random_.fork(), clock, observers_);
  }
  const DriftingClock clock = draw_clock(settings, random_);
  witness_ = std::make_unique<Witness>(settings, scheduler_, random_.fork(), clock, observers_);
  for (const NodeId id : every_node) {
    const io::Endpoint at_witness = id == NodeId::first ? io::Endpoint::first : io::Endpoint::second;
    auto& cable = cables_[index_of(id)];
    cable = std::make_unique<Cable>(scheduler_, random_.fork(), Cable::End{&node(id), io::Endpoint::witness},
                                    Cable::End{witness_.get(), at_witness});
    node(id).link().connect(io::Endpoint::witness, *cable, 0);
    witness_->link().connect(at_witness, *cable, 1);
  }
  cables_[2] = std::make_unique<Cable>(scheduler_, random_.fork(), Cable::End{nodes_[0].get(), io::Endpoint::peer},
                                       Cable::End{nodes_[1].get(), io::Endpoint::peer});
  nodes_[0]->link().connect(io::Endpoint::peer, *cables_[2], 0);
  nodes_[1]->link().connect(io::Endpoint::peer, *cables_[2], 1);
  client_ = std::make_unique<Client>(*this, random_.fork());
  for (const auto& each : nodes_) {
    each->mount().set_user(client_.get());
    each->journal().confirm_early(planted(SimBug::journal_confirms_early));
    each->volume().lie_about_sync(planted(SimBug::volume_lies_about_sync));
    each->volume().forget_operations(planted(SimBug::volume_forgets_operations));
    each->mount().answer_aborted(planted(SimBug::mount_answers_aborted));
  }
  witness_->journal().confirm_early(planted(SimBug::journal_confirms_early));
}

Machine& World::machine(Place place) {
  if (place == Place::witness) return *witness_;
  return *nodes_[index_of(place)];
}

const Buffer& World::journal_of(Place place) const {
  return place == Place::witness ? witness_->journal().durable() : nodes_[index_of(place)]->journal().durable();
}

void World::prefill(Node& node, Random random) {
  std::vector<InodeNumber> directories{Filesystem::root_number};
  Filesystem& filesystem = node.volume().filesystem();
  for (std::uint32_t i = 0; i < mix_.prefilled_objects; ++i) {
    InodeState state;
    const bool directory = random.chance(25);
    state.attributes.mode = directory ? S_IFDIR | 0755 : S_IFREG | 0644;
    state.attributes.mtime_ns = random.between(1, 1'000'000) * one_second;
    if (!directory && random.chance(80)) {
      std::vector<std::byte> bytes(random.below(20'000), static_cast<std::byte>(random.below(256)));
      state.content.write(0, bytes);
    }
    const std::string name = "old" + std::to_string(random.below(40));
    const InodeNumber parent = random.pick(directories);
    if (filesystem.inode(parent).entries.contains(name)) continue;
    filesystem.prefill(parent, name, std::move(state));
    if (directory) directories.push_back(filesystem.inode(parent).entries.at(name));
  }
  node.volume().settle();
}

void World::run_until(Time end) {
  while (scheduler_.run_one(end)) {
  }
}

void World::first_start() {
  first_ = random_.pick(std::array{NodeId::first, NodeId::second});
  prefill(node(first_), random_.fork());
  if (mix_.prefill_other) prefill(node(other(first_)), random_.fork());
  for (const Place place : every_place) {
    scheduler_.at(random_.between(0, first_start_at / 2), [this, place] { machine(place).start(); });
  }
  scheduler_.at(first_start_at, [this] {
    node(first_).console().give({io::Verb::prim, false, false});
    node(other(first_)).console().give({io::Verb::start, false, false});
  });
}

void World::schedule_faults() {
  const faults::Window window{faults_begin, faults_begin + mix_.faults_last};
  if (mix_.delays) faults::delays(*this, random_.fork(), window);
  if (mix_.resets) faults::resets(*this, random_.fork(), window);
  if (mix_.one_way_cuts) faults::one_way_cuts(*this, random_.fork(), window);
  if (mix_.two_way_cuts) faults::two_way_cuts(*this, random_.fork(), window);
  if (mix_.process_crashes) faults::process_crashes(*this, random_.fork(), window);
  if (mix_.witness_crashes) faults::witness_crashes(*this, random_.fork(), window);
  if (mix_.power_losses) faults::power_losses(*this, random_.fork(), window);
  if (mix_.pauses) faults::pauses(*this, random_.fork(), window);
  if (mix_.commands) faults::commands(*this, random_.fork(), window);
}

void World::heal() {
  for (Cable* cable : cables()) {
    cable->heal();
    cable->weather() = {};
  }
  for (const Place place : every_place) {
    machine(place).resume();
    machine(place).start();
  }
}

void World::start_whoever_waits() {
  // The first `prim` may have been lost with the process that it was given to.
  const auto never_started = [&](NodeId id) {
    return node(id).running() && !node(id).status().configuration.initialised();
  };
  if (never_started(NodeId::first) && never_started(NodeId::second)) {
    node(first_).console().give({io::Verb::prim, false, false});
  }
  for (const NodeId id : every_node) {
    // Also where an administrator's `second` or `wait` still holds.
    const engine::Role role = node(id).running() ? node(id).status().role : engine::Role::prim;
    if (role == engine::Role::stop || role == engine::Role::wait) {
      node(id).console().give({io::Verb::start, false, false});
    }
  }
}

bool World::at_rest() const { return why_not_at_rest().empty(); }

std::string World::why_not_at_rest() const {
  std::array<engine::Status, 2> status;
  for (const NodeId id : every_node) {
    const Node& here = node(id);
    if (!here.running()) return std::string(to_string(id)) + " does not run";
    status[index_of(id)] = here.status();
    if (here.mount().outstanding() != 0) return std::string(to_string(id)) + " has not answered every request";
    if (here.volume().queued() != 0) return std::string(to_string(id)) + " has work queued at its volume";
  }
  const engine::Status& a = status[0];
  const engine::Status& b = status[1];
  const bool roles = (a.role == engine::Role::prim && b.role == engine::Role::second) ||
                     (b.role == engine::Role::prim && a.role == engine::Role::second);
  const bool ready = a.readiness == engine::Readiness::ready && b.readiness == engine::Readiness::ready;
  const bool agreed = a.configuration == b.configuration && a.configuration.members == Members::both();
  if (roles && ready && agreed && a.lsn == b.lsn && !a.frozen && !b.frozen) return {};
  std::string text;
  for (const NodeId id : every_node) {
    const engine::Status& here = status[index_of(id)];
    text += std::string(text.empty() ? "" : "; ") + std::string(to_string(id)) + ": " +
            std::string(to_string(here.role)) + " " + std::string(to_string(here.readiness)) + " (" +
            std::string(here.state) + ", " + describe(here.configuration) + ", lsn " + std::to_string(here.lsn.value) +
            (here.frozen ? ", frozen" : "") + ") " + here.reason;
  }
  return text;
}

void World::come_to_rest(Time limit) {
  Time quiet_since = -1;
  Time next_start = scheduler_.now();
  while (scheduler_.now() < limit) {
    run_until(scheduler_.now() + poll_interval);
    if (scheduler_.now() >= next_start) {
      start_whoever_waits();
      next_start = scheduler_.now() + one_second;
    }
    if (!at_rest()) {
      quiet_since = -1;
    } else if (quiet_since < 0) {
      quiet_since = scheduler_.now();
    } else if (scheduler_.now() - quiet_since >= quiet_before_rest) {
      return;
    }
  }
  throw Violation("stuck", "healed " + std::to_string(rest_limit / one_second) + " s ago: " + why_not_at_rest());
}

RunResult World::run() {
  RunResult result;
  forget_violations();
  try {
    first_start();
    schedule_faults();
    client_->begin(first_start_at, mix_.operations, mix_.faults_last);
    run_until(faults_begin + mix_.faults_last);
    heal();
    const Time healed_at = scheduler_.now();
    run_until(healed_at + load_after_heal);
    client_->finish();
    come_to_rest(healed_at + rest_limit);
    observers_.at_rest();
  } catch (const Violation&) {
    result.violation = *first_violation();
  }
  result.hash = recorder_.hash.value();
  result.events = recorder_.events;
  result.acknowledged = recorder_.acknowledged;
  result.simulated = scheduler_.now();
  return result;
}

}  // namespace lockstep::sim
