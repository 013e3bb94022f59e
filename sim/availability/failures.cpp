#include "sim/availability/failures.h"

#include <algorithm>
#include <array>

namespace lockstep::sim {

namespace {

using Faults = std::vector<Fault>;

constexpr std::uint32_t requests_per_second = 30;
constexpr std::uint32_t requests_at_once = 6;
constexpr Time load_lasts = 60 * one_second;
constexpr Time poll_interval = 100 * one_ms;
/// Besides what the settings take; a cluster that is not whole by then needs somebody.
constexpr Time whole_limit = 60 * one_second;
constexpr std::int64_t timeouts_to_be_whole = 12;
constexpr std::int64_t phases_to_be_whole = 2;  // of the application, each hanging until it is ended
constexpr Time phases_limit_max = 3600 * one_second;
constexpr Time watched_afterwards = 2 * one_second;
/// The simulated disks' rare slow syncs would count as outages of their own.
constexpr Time sync_stall_max = 50 * one_ms;

Time ms(Random& random, std::int64_t low, std::int64_t high) { return random.between(low, high) * one_ms; }
Place primary(const Situation& situation) { return place_of(situation.primary); }
Place secondary(const Situation& situation) { return place_of(other(situation.primary)); }
Time restart(Random& random) { return ms(random, 1000, 2000); }
Time reboot(Random& random) { return ms(random, 20'000, 60'000); }
/// Shorter and longer than what the settings wait for.
Time interruption(const Situation& situation, Random& random) {
  return random.between(100 * one_ms, 4 * situation.timeout + 10 * one_second);
}

Faults crash_of_primary(const Situation& s, Random& random) {
  return {{s.now, Outage{primary(s), false, restart(random)}}};
}
Faults crash_of_secondary(const Situation& s, Random& random) {
  return {{s.now, Outage{secondary(s), false, restart(random)}}};
}
Faults power_loss_of_primary(const Situation& s, Random& random) {
  return {{s.now, Outage{primary(s), true, reboot(random)}}};
}
Faults power_loss_of_secondary(const Situation& s, Random& random) {
  return {{s.now, Outage{secondary(s), true, reboot(random)}}};
}
Faults power_loss_of_both(const Situation& s, Random& random) {
  const Time first = reboot(random);
  const Time second = reboot(random);
  return {{s.now, Outage{primary(s), true, first}}, {s.now + ms(random, 0, 50), Outage{secondary(s), true, second}}};
}
Faults cut_between(const Situation& s, Random& random) {
  return {{s.now, Cut{Wire::peers, true, true, interruption(s, random)}}};
}
Faults primary_isolated(const Situation& s, Random& random) {
  const Time length = interruption(s, random);
  return {{s.now, Cut{Wire::peers, true, true, length}}, {s.now, Cut{witness_wire(s.primary), true, true, length}}};
}
Faults witness_lost(const Situation& s, Random& random) {
  return {{s.now, Outage{Place::witness, random.chance(50), interruption(s, random)}}};
}
Faults primary_hangs(const Situation& s, Random& random) {
  return {{s.now, Pause{primary(s), interruption(s, random)}}};
}
Faults disk_of_primary_lost(const Situation& s, Random& random) {
  return {{s.now, LostDisk{primary(s), LostDisk::Found::nothing, reboot(random)}}};
}
Faults disk_of_secondary_lost(const Situation& s, Random& random) {
  return {{s.now, LostDisk{secondary(s), LostDisk::Found::nothing, reboot(random)}}};
}
Faults swap(const Situation& s, Random& /*random*/) {
  return {{s.now, Order{s.primary, {io::Verb::swap, false, false}}}};
}
Faults stop_of_primary(const Situation& s, Random& random) {
  return {{s.now, Order{s.primary, {io::Verb::stop, false, false}}},
          {s.now + 20 * one_second + restart(random), Order{s.primary, {io::Verb::start, false, false}}}};
}

constexpr std::array kinds{
    FailureKind{"daemon of the primary crashes", "and is started again after 1 to 2 s", 500, crash_of_primary},
    FailureKind{"daemon of the secondary crashes", "and is started again after 1 to 2 s", 500, crash_of_secondary},
    FailureKind{"power loss of the primary", "up again after 20 to 60 s", 1000, power_loss_of_primary},
    FailureKind{"power loss of the secondary", "up again after 20 to 60 s", 1000, power_loss_of_secondary},
    FailureKind{"power loss of both servers", "each up again after 20 to 60 s", 300, power_loss_of_both},
    FailureKind{"primary loses its disk", "back with an empty one after 20 to 60 s", 200, disk_of_primary_lost},
    FailureKind{"secondary loses its disk", "back with an empty one after 20 to 60 s", 200, disk_of_secondary_lost},
    FailureKind{"network cut between the servers", "for 0.1 s to 10 s + 4 timeouts", 1500, cut_between},
    FailureKind{"primary isolated", "from the other server and the witness, for 0.1 s to 10 s + 4 timeouts", 700,
                primary_isolated},
    FailureKind{"witness lost", "for 0.1 s to 10 s + 4 timeouts", 2000, witness_lost},
    FailureKind{"primary hangs", "its daemon stands still for 0.1 s to 10 s + 4 timeouts", 500, primary_hangs},
    FailureKind{"command: swap", "", 4000, swap},
    FailureKind{"command: stop of the primary", "started again after 21 to 22 s", 2000, stop_of_primary},
};

NodeId serving(World& world) {
  const auto serves = [&](NodeId id) { return world.node(id).running() && world.node(id).status().serves(); };
  return serves(NodeId::first) ? NodeId::first : NodeId::second;
}

bool whole(World& world) {
  std::size_t primaries = 0;
  std::size_t secondaries = 0;
  for (const NodeId id : every_node) {
    if (!world.node(id).running() || world.node(id).paused()) return false;
    const engine::Status status = world.node(id).status();
    if (status.role == engine::Role::prim && status.serves() && !status.frozen) ++primaries;
    if (status.role == engine::Role::second && status.readiness == engine::Readiness::ready) ++secondaries;
  }
  return primaries == 1 && secondaries == 1 && world.witness().running();
}

bool become_whole(World& world) {
  const engine::Settings& settings = world.node(NodeId::first).settings();
  const Time phases = std::min(phases_to_be_whole * settings.phase_timeout.ns, phases_limit_max);
  const Time limit = world.now() + whole_limit + timeouts_to_be_whole * settings.timeout.ns + phases;
  while (!whole(world) && world.now() < limit) world.run_until(world.now() + poll_interval);
  return whole(world);
}

}  // namespace

std::span<const FailureKind> failures() { return kinds; }

std::uint64_t failures_per_thousand_years() {
  std::uint64_t sum = 0;
  for (const FailureKind& kind : kinds) sum += kind.per_thousand_years;
  return sum;
}

const FailureKind& failure_of(std::uint64_t seed) {
  std::uint64_t drawn = Random::keyed(seed, "failure").below(failures_per_thousand_years());
  for (const FailureKind& kind : kinds) {
    if (drawn < kind.per_thousand_years) return kind;
    drawn -= kind.per_thousand_years;
  }
  return kinds.back();
}

void use_settings(Scenario& scenario, const engine::Settings& settings) {
  scenario.settings = settings;
  scenario.mix.durability = settings.durability;
  scenario.mix.timeout = settings.timeout.ns;
  scenario.mix.clock_drift_per_mille = settings.clock_drift_per_mille;
}

Scenario draw_incident(std::uint64_t seed, const engine::Settings& settings) {
  Scenario scenario;
  scenario.seed = seed;
  Random random = Random::keyed(seed, "mix");
  const Mix drawn = draw_mix(random);
  // Nothing of what makes runs narrow and slow to reach the engine's limits.
  scenario.mix = Mix{};
  scenario.mix.clock_drift_per_mille = drawn.clock_drift_per_mille;
  scenario.mix.prefilled_objects = drawn.prefilled_objects;
  scenario.mix.sync_percent = drawn.sync_percent;
  use_settings(scenario, settings);
  scenario.mix.faults_last = load_lasts;
  scenario.mix.operations = requests_per_second * static_cast<std::uint32_t>(load_lasts / one_second);
  scenario.mix.requests_at_once = requests_at_once;
  scenario.mix.prefill_other = false;
  scenario.mix.large_write_percent = 0;
  scenario.disturbed = true;
  return scenario;
}

World::Script incident(const FailureKind& failure, std::function<void()> struck) {
  return [&failure, struck = std::move(struck)](World& world) {
    for (const NodeId id : every_node) world.node(id).volume().speed().sync_stall_max = sync_stall_max;
    world.run_until(2 * one_second);
    if (!become_whole(world)) throw Violation("stuck", "the cluster does not begin to serve with these settings");
    Random random = Random::keyed(world.scenario().seed, "incident");
    world.run_until(world.now() + random.between(one_second, 4 * one_second));
    struck();
    const Situation situation{world.now(), serving(world), world.node(NodeId::first).settings().timeout.ns};
    Time last = world.now();
    for (const Fault& fault : failure.draw(situation, random)) {
      world.scheduler().at(fault.at, [&world, fault] { world.strike(fault); });
      last = std::max(last, fault.at);
    }
    world.run_until(last + watched_afterwards);
    become_whole(world);
    world.run_until(world.now() + watched_afterwards);
  };
}

}  // namespace lockstep::sim
