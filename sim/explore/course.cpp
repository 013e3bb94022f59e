#include "sim/explore/course.h"

#include "sim/explore/catalogue.h"
#include "sim/world/footprint.h"

#include <algorithm>
#include <set>

namespace lockstep::sim {

namespace {

// Heartbeats as few as a lease allows: three a timeout.
constexpr Time timeout = 150 * one_ms;
constexpr std::int64_t heartbeats_per_timeout = 3;
constexpr Time heartbeat_interval = timeout / heartbeats_per_timeout;
constexpr Time link_grace = timeout / 4;
/// When no voter has to wait any more for what it may have granted in a life before; until then the cables are cut,
/// since nothing of interest would be said.
constexpr Time connected_at = timeout;
constexpr Time first_start_at = connected_at + 25 * one_ms;
constexpr Time poll_interval = 10 * one_ms;
constexpr Time poll_interval_of_preparation = one_ms;
/// After the heartbeats that all machines send at one time.
constexpr Time begin_after_heartbeat = 5 * one_ms;
/// Whoever is left has noticed and acted by then.
constexpr Time repaired_after = 3 * timeout;
constexpr Time quiet_before_rest = heartbeat_interval;
constexpr Time preparation_limit = 10 * one_second;
constexpr Time rest_limit = 20 * one_second;
/// A frame is under way for as long: deliveries that are due within it count as simultaneous.
constexpr Time simultaneous_within = 20 * one_us;
/// Whatever is due within as long may come in another order: longer than any disk or cable takes here.
constexpr Time soon = 500 * one_us;

Scenario scenario_of(const ShortHistory& history) {
  Scenario scenario;
  scenario.steady = true;
  scenario.disturbed = true;
  scenario.mix.durability = history.durability;
  scenario.mix.timeout = timeout;
  scenario.mix.heartbeats_per_timeout = heartbeats_per_timeout;
  scenario.mix.link_grace = link_grace;
  scenario.mix.clock_drift_per_mille = 0;
  return scenario;
}

}  // namespace

Course::Course(const ShortHistory& history, std::ostream* log)
    : history_(history), world_(scenario_of(history)), user_(world_, history_) {
  if (log != nullptr) world_.observers().add(log_.emplace(world_.scheduler(), *log));
  checkers_ = std::make_unique<Checkers>(world_);
  for (const NodeId id : every_node) world_.node(id).mount().set_user(&user_);
}

void Course::prepare() {
  SimVolume& volume = world_.node(NodeId::first).volume();
  lay_out_tree(volume.filesystem());
  volume.settle();
  for (const Wire wire : every_wire) {
    for (const std::size_t side : {0U, 1U}) world_.cable(wire).cut(side);
  }
  for (const Place place : every_place) world_.machine(place).start();
  world_.run_until(connected_at);
  for (const Wire wire : every_wire) world_.cable(wire).heal();
  world_.run_until(first_start_at);
  world_.node(NodeId::first).console().give({io::Verb::prim, false, false});
  prepare_until([this] { return world_.at_rest() && world_.have_common_ground(); });
  if (history_.move == Move::rejoin) {
    world_.node(NodeId::second).stop(false);
    prepare_until([this] { return world_.node(NodeId::first).condition().role == engine::Role::alone; });
  }
  // Each node knows by then how the other stands.
  world_.run_until((world_.now() / heartbeat_interval + 1) * heartbeat_interval + begin_after_heartbeat);
  began_at_ = world_.now();
  user_.begin();
}

void Course::prepare_until(const std::function<bool()>& done) {
  while (!done()) {
    if (world_.now() > preparation_limit)
      throw Violation("stuck", "the history cannot begin: " + world_.why_not_at_rest());
    world_.run_until(world_.now() + poll_interval_of_preparation);
  }
}

Time Course::repaired_at() const { return began_at_ + repaired_after; }

bool Course::ended() const { return user_.finished() && user_.moved() && world_.at_rest(); }

bool Course::step() {
  if (ended()) return false;
  if (world_.now() >= repaired_at()) throw Violation("stuck", "undisturbed, the history does not end");
  world_.scheduler().run_one(repaired_at());
  return true;
}

std::vector<Course::Choice> Course::choices() const {
  const std::vector<Scheduler::Due> due = world_.scheduler().due(soon);
  const Scheduler::Due& first = due.front();
  const Footprint machine = machines_of(first.tag.footprint);
  std::vector<Choice> choices{{first, true}};
  if (first.tag.lane == 0) return choices;
  std::set<std::uint32_t> lanes{first.tag.lane};
  for (const Scheduler::Due& each : due) {
    const bool same_engine = each.tag.lane != 0 && machines_of(each.tag.footprint) == machine;
    if (same_engine && lanes.insert(each.tag.lane).second) {
      choices.push_back({each, each.when <= first.when + simultaneous_within});
    }
  }
  return choices;
}

// What the machine's disks do on their own and was due before comes first all the same.
void Course::step(const Choice& choice) {
  for (const Scheduler::Due& each : world_.scheduler().due(soon)) {
    if (each.sequence == choice.due.sequence) break;
    const bool same_machine = machines_of(each.tag.footprint) == machines_of(choice.due.tag.footprint);
    if (each.tag.lane == 0 && same_machine) world_.scheduler().run_first(each);
  }
  world_.scheduler().run_first(choice.due);
}

void Course::strike(const Strike& strike) {
  struck_ = true;
  strike.happen(world_);
}

void Course::finish() {
  if (struck_) world_.run_until(repaired_at());
  world_.heal();
  come_to_rest(world_.now() + rest_limit);
  world_.observers().at_rest();
}

void Course::come_to_rest(Time limit) {
  Time quiet_since = -1;
  while (quiet_since < 0 || world_.now() - quiet_since < quiet_before_rest) {
    if (world_.now() >= limit) throw Violation("stuck", "not at rest in time: " + world_.why_not_at_rest());
    world_.run_until(world_.now() + poll_interval);
    const bool quiet = user_.finished() && world_.at_rest();
    if (!quiet) quiet_since = -1;
    if (quiet && quiet_since < 0) quiet_since = world_.now();
  }
}

}  // namespace lockstep::sim
