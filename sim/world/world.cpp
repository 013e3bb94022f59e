#include "sim/world/world.h"

#include "engine/cluster/forced_election.h"
#include "engine/cluster/journal_record.h"
#include "sim/planted/planted.h"
#include "sim/world/hash_event.h"

#include <algorithm>
#include <sys/stat.h>

namespace lockstep::sim {

namespace {

constexpr Time first_start_at = one_second;
constexpr Time faults_begin = 3 * one_second;
constexpr Time load_after_heal = 2 * one_second;
constexpr Time poll_interval = 100 * one_ms;
constexpr Time quiet_before_rest = 500 * one_ms;
/// Healed for good, a cluster must be in sync within this long, whatever happened before.
constexpr Time rest_limit_min = 90 * one_second;
constexpr std::int64_t timeouts_to_rest = 20;
constexpr std::int64_t phases_to_rest = 3;  ///< of the application, each hanging until it is ended

Time rest_limit_of(const engine::Settings& settings) {
  return std::max(rest_limit_min, timeouts_to_rest * settings.timeout.ns + phases_to_rest * settings.phase_timeout.ns);
}

/// One for each action, by place: faults choose among them.
std::vector<engine::CheckSettings> every_kind_of_check() {
  constexpr Duration timeout = milliseconds(400);
  return {{"process", milliseconds(500), timeout, {}, 1, CheckAction::restart},
          {"service", milliseconds(500), timeout, milliseconds(2000), 3, CheckAction::failover},
          {"server", milliseconds(700), timeout, {}, 2, CheckAction::wait},
          {"vital", milliseconds(900), timeout, milliseconds(2000), 5, CheckAction::stop},
          {"remark", milliseconds(900), timeout, {}, 1, CheckAction::report}};
}

engine::Settings settings_of(const Scenario& scenario) {
  if (scenario.settings) return *scenario.settings;
  const Mix& mix = scenario.mix;
  engine::Settings settings;
  settings.durability = mix.durability;
  settings.isolation = mix.isolation;
  settings.timeout = Duration{mix.timeout};
  settings.heartbeat_interval = Duration{mix.timeout / mix.heartbeats_per_timeout};
  settings.link_grace = Duration{mix.link_grace};
  settings.phase_timeout = Duration{10 * one_second};
  settings.stop_timeout = Duration{5 * one_second};
  settings.force_stop_timeout = Duration{2 * one_second};
  settings.clock_drift_per_mille = mix.clock_drift_per_mille;
  settings.start_at_boot = mix.start_at_boot;
  // Soon enough for a short history to begin with one.
  if (scenario.steady) settings.checkpoint_interval = Duration{mix.timeout};
  settings.cooling_interval = Duration{3 * one_second};
  settings.touch_region_bytes = 4096;
  // So slow that much happens meanwhile, on small trees.
  settings.verify_share_percent = mix.slow_volumes ? 50 : 2;
  if (mix.verifies_often) settings.verify_interval = Duration{4 * one_second};
  if (mix.few_requests) settings.requests_pending_max = 4;
  if (mix.small_window) {
    settings.window_operations_max = 4;
    settings.window_bytes_max = 8'000;
  }
  if (mix.small_messages) {
    settings.manifest_part_bytes_max = 1'000;
    settings.pull_window_bytes = 24'000;  // one pull
    settings.pull_chunk_bytes = 8'000;
    settings.pull_block_bytes = 1'000;
    settings.pull_chunks_max = 3;
    settings.name_steps_max = 16;
    settings.names_ahead_max = 1;
    settings.resync_sync_bytes = 20'000;
    settings.verify_chunks = 2;
    settings.verify_entries = 8;
  }
  if (mix.checks) {
    settings.checks = every_kind_of_check();
    settings.restarts_max = mix.restarts_max;
    settings.restarts_window = Duration{20 * one_second};
    if (mix.swaps_back) settings.preferred = NodeId::first;
    settings.swap_back = mix.swaps_back;
  }
  if (mix.slow_resync) settings.resync_bytes_per_second_max = 200'000;
  if (mix.little_patience) {
    settings.resync_timeout = Duration{mix.timeout / 4};
    settings.joiner_queue_bytes_max = 4'000;
    settings.touches_max = 40;
    settings.verify_moves_max = 3;
    settings.mismatches_listed_max = 2;
  }
  return settings;
}

DriftingClock draw_clock(const engine::Settings& settings, Random& random) {
  // Each clock may be off by half of what two clocks may differ.
  constexpr std::int64_t beyond_every_bound_ppm = 200'000;
  const std::int64_t ppm =
      planted(SimBug::clock_beyond_drift) ? beyond_every_bound_ppm : settings.clock_drift_per_mille * 1000 / 2;
  // One draw a statement: compilers evaluate operands and arguments in different orders.
  const Time seconds = random.between(0, 1000) * one_second;
  const Time fraction = random.between(0, one_second);
  return {seconds + fraction, random.between(-ppm, ppm)};
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

World::World(const Scenario& scenario) : scenario_(scenario), scheduler_(random_of("ties")), recorder_(scheduler_) {
  observers_.add(recorder_);
  const engine::Settings settings = settings_of(scenario_);
  Random clocks = random_of("clocks");
  for (const NodeId id : every_node) {
    const DriftingClock clock = draw_clock(settings, clocks);
    nodes_[index_of(id)] = std::make_unique<Node>(id, settings, scheduler_, random_of("node", index_of(id)), clock,
                                                  observers_, mix().shared_witness);
  }
  const DriftingClock clock = draw_clock(settings, clocks);
  witness_ =
      std::make_unique<Witness>(settings, scheduler_, random_of("witness"), clock, observers_, mix().shared_witness);
  connect();
  client_ = std::make_unique<Client>(*this);
  for (const auto& each : nodes_) {
    each->mount().set_user(client_.get());
    if (!scenario_.disturbed) {
      // A disk that takes as long as the other node waits is a fault.
      Time& stall_max = each->volume().speed().sync_stall_max;
      stall_max = std::min(stall_max, mix().timeout / 2);
    } else if (mix().slow_volumes) {
      each->volume().speed() = SimVolume::Speed::slow();
      each->journal().be_slow();
    }
    each->journal().confirm_early(planted(SimBug::journal_confirms_early));
    each->touches().confirm_early(planted(SimBug::touch_log_confirms_early));
    each->volume().lie_about_sync(planted(SimBug::volume_lies_about_sync));
    each->volume().skip_directory_sync(planted(SimBug::volume_skips_directory_sync));
    each->volume().forget_operations(planted(SimBug::volume_forgets_operations));
    each->volume().forget_what_was_done(planted(SimBug::volume_forgets_what_was_done));
    each->volume().set_aside_early(planted(SimBug::volume_sets_aside_early));
    each->mount().answer_aborted(planted(SimBug::mount_answers_aborted));
  }
  witness_->journal().confirm_early(planted(SimBug::journal_confirms_early));
}

void World::connect() {
  const auto cable = [&](Wire wire, Cable::End left, Cable::End right) -> Cable& {
    auto& made = cables_[index_of(wire)];
    made = std::make_unique<Cable>(scheduler_, random_of("cable", index_of(wire)), left, right);
    made->on_damaged(
        [this](const Cable::End& receiver) { observers_.frame_damaged(receiver.machine->place(), receiver.endpoint); });
    return *made;
  };
  for (const NodeId id : every_node) {
    const io::Endpoint at_witness = id == NodeId::first ? io::Endpoint::first : io::Endpoint::second;
    Cable& made = cable(witness_wire(id), {&node(id), io::Endpoint::witness}, {witness_.get(), at_witness});
    node(id).link().connect(io::Endpoint::witness, made, 0);
    witness_->link().connect(at_witness, made, 1);
  }
  Cable& peers = cable(Wire::peers, {nodes_[0].get(), io::Endpoint::peer}, {nodes_[1].get(), io::Endpoint::peer});
  nodes_[0]->link().connect(io::Endpoint::peer, peers, 0);
  nodes_[1]->link().connect(io::Endpoint::peer, peers, 1);
}

Machine& World::machine(Place place) {
  if (place == Place::witness) return *witness_;
  return *nodes_[index_of(place)];
}

bool World::votes(Place place) const { return is_node(place) || node(NodeId::first).settings().has_third_vote(); }

World::DiskCopy World::copy_disk(Place place) const {
  if (!is_node(place)) return {journal_of(place), {}, {}};
  const Node& here = node(node_at(place));
  return {journal_of(place), here.volume().copy(), here.touches().durable()};
}

void World::exchange_disk(Place place, const DiskCopy& copy) {
  machine(place).stop(true);
  journal(place).exchange(copy.journal);
  if (is_node(place)) {
    node(node_at(place)).volume().exchange(copy.volume);
    node(node_at(place)).touches().exchange(copy.touches);
  }
  disk_exchanged_ = true;
  observers_.disk_exchanged(place);
}

SimJournal& World::journal(Place place) {
  return place == Place::witness ? witness_->journal() : nodes_[index_of(place)]->journal();
}

const Buffer& World::journal_of(Place place) const { return const_cast<World*>(this)->journal(place).durable(); }

std::optional<engine::JournalRecord> World::record_in(Place place, const Buffer& journal) const {
  return place == Place::witness ? witness_->record_in(journal) : engine::decode_journal(journal);
}

bool World::may_lose_disk(Place place) const {
  std::array<engine::JournalRecord, 3> records;
  for (const Place voter : every_place) records[index_of(voter)] = *record_of(voter);
  for (const Place voter : every_place) {
    const engine::JournalRecord& record = records[index_of(voter)];
    if (!votes(voter)) continue;
    // What somebody has decided alone nobody else has.
    if (!votes(Place::witness) && record.voter.accepted.epoch.value >= engine::forced_stride) return false;
    // As an engine will find it, though it may not have been started on that disk yet: a clone of another's is empty.
    if (!record.remembers || record.owner != voter_at(voter)) return false;
    for (const engine::JournalRecord& other : records) {
      if (other.seen[index_of(voter)].sequence > record.sequence) return false;
    }
  }
  if (!is_node(place)) return true;
  const Node& rest = node(other(node_at(place)));
  if (!rest.running() || rest.paused()) return false;
  const engine::Status status = rest.status();
  if (status.role == engine::Role::alone) return !status.frozen && status.readiness == engine::Readiness::ready;
  // While the nodes are connected nobody is being left out.
  const Cable& cable = *cables_[index_of(Wire::peers)];
  return cable.up(0) && cable.up(1) && status.configuration.members == Members::both() && status.in_sync &&
         status.readiness == engine::Readiness::ready && machine(place).running() &&
         node(node_at(place)).status().configuration == status.configuration;
}

void World::prefill(Node& node, Random random) {
  std::vector<InodeNumber> directories{Filesystem::root_number};
  Filesystem& filesystem = node.volume().filesystem();
  for (std::uint32_t i = 0; i < mix().prefilled_objects; ++i) {
    InodeState state;
    const bool directory = random.chance(25);
    state.attributes.mode = directory ? S_IFDIR | 0755 : S_IFREG | 0644;
    state.attributes.mtime_ns = random.between(1, 1'000'000) * one_second;
    if (!directory && random.chance(80)) {
      const std::size_t size = random.below(20'000);
      state.content.write(0, std::vector(size, static_cast<std::byte>(random.below(256))));
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
  first_ = random_of("first").pick(std::array{NodeId::first, NodeId::second});
  prefill(node(first_), random_of("prefill", index_of(first_)));
  if (mix().prefill_other) prefill(node(other(first_)), random_of("prefill", index_of(other(first_))));
  Random starts = random_of("starts");
  for (const Place place : every_place) {
    scheduler_.at(starts.between(0, first_start_at / 2), [this, place] { machine(place).start(); });
  }
  scheduler_.at(first_start_at, [this] {
    node(first_).console().give({io::Verb::prim, false, false});
    node(other(first_)).console().give({mix().two_firsts ? io::Verb::prim : io::Verb::start, false, false});
  });
}

void World::strike(const Fault& fault) {
  observers_.faulted(fault);
  fault.happen(*this);
}

void World::schedule_faults() {
  for (const Fault& fault : scenario_.faults) {
    scheduler_.first_at(fault.at, [this, &fault] { strike(fault); });
  }
}

void World::heal() {
  ++healings_;
  observers_.healed();
  for (const auto& cable : cables_) {
    cable->heal();
    cable->weather() = {};
  }
  for (const auto& each : nodes_) {
    each->volume().trouble() = {};
    each->volume().resume();
    each->application().behave();
    each->checks().behave();
    each->mount().behave();
  }
  for (const Place place : every_place) {
    journal(place).set_readable(true);
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

namespace {
/// What a node itself has to do before anybody can be at rest; empty: nothing.
std::string_view unfinished(const Node& node) {
  if (!node.running()) return "does not run";
  if (node.mount().outstanding() != 0) return "has not answered every request";
  return node.volume().queued() != 0 ? "has work queued at its volume" : "";
}
}  // namespace

bool World::at_rest() const {
  std::array<engine::Condition, 2> conditions;
  for (const NodeId id : every_node) {
    const Node& here = node(id);
    if (!unfinished(here).empty()) return false;
    conditions[index_of(id)] = here.condition();
  }
  const engine::Condition& a = conditions[0];
  const engine::Condition& b = conditions[1];
  const bool roles = (a.role == engine::Role::prim && b.role == engine::Role::second) ||
                     (b.role == engine::Role::prim && a.role == engine::Role::second);
  const bool ready = a.readiness == engine::Readiness::ready && b.readiness == engine::Readiness::ready;
  const bool agreed = a.configuration == b.configuration && a.configuration.members == Members::both();
  return roles && ready && agreed && a.lsn == b.lsn && !a.frozen && !b.frozen;
}

bool World::have_common_ground() const {
  const auto ground = [&](NodeId id) {
    const auto record = record_of(place_of(id));
    return record ? record->ground : engine::CommonGround{};
  };
  return ground(NodeId::first).base != 0 && ground(NodeId::first) == ground(NodeId::second);
}

std::string World::why_not_at_rest() const {
  std::string text;
  for (const NodeId id : every_node) {
    const Node& here = node(id);
    if (const std::string_view what = unfinished(here); !what.empty()) {
      return std::string(to_string(id)) + " " + std::string(what);
    }
    const engine::Status status = here.status();
    text += std::string(text.empty() ? "" : "; ") + std::string(to_string(id)) + ": " +
            std::string(to_string(status.role)) + " " + std::string(to_string(status.readiness)) + " (" +
            std::string(status.state) + ", " + describe(status.configuration) + ", lsn " +
            std::to_string(status.lsn.value) + (status.frozen ? ", frozen" : "") + ") " + status.reason;
  }
  return text;
}

// A disk was lost, and with it the last complete copy: e.g. that of a node to which the other one had just handed over.
// What is right then is to wait for a person.
bool World::nobody_could() const {
  if (!disk_exchanged_) return false;
  for (const NodeId id : every_node) {
    const auto record = record_of(place_of(id));
    if (record && record->complete && record->decided.members.contains(id)) return false;
  }
  return true;
}

bool World::come_to_rest(Time limit) {
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
      return true;
    }
  }
  if (nobody_could()) return false;
  const Time limit_s = (mix().small_messages ? 2 : 1) * rest_limit_of(node(NodeId::first).settings()) / one_second;
  throw Violation("stuck", "healed and not at rest within " + std::to_string(limit_s) + " s: " + why_not_at_rest());
}

RunResult World::run(const Script& script) {
  RunResult result;
  forget_violations();
  try {
    first_start();
    client_->begin(first_start_at, mix().operations, mix().faults_last);
    if (script) {
      script(*this);
    } else {
      schedule_faults();
      run_until(faults_begin + mix().faults_last);
    }
    heal();
    const Time healed_at = scheduler_.now();
    run_until(healed_at + load_after_heal);
    client_->finish();
    if (come_to_rest(healed_at + (mix().small_messages ? 2 : 1) * rest_limit_of(node(NodeId::first).settings()))) {
      observers_.at_rest();
    } else {
      result.irrecoverable = true;
    }
  } catch (const Violation&) {
    result.violation = *first_violation();
  }
  result.hash = recorder_.hash.value();
  result.events = recorder_.events;
  result.acknowledged = recorder_.acknowledged;
  result.simulated = scheduler_.now();
  result.turns = client_->turns_taken();
  return result;
}

}  // namespace lockstep::sim
