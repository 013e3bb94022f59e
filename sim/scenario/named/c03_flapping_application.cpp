// C3. The application dies soon after each start, and would for ever: a full disk, a bad update.
//
// Injected: the application dies within 2 s of each start on one server, or on both.
//
// Must hold: it is started again as often as the settings allow, and not once more; then the server stops. If the other
// one's application is well, it serves; if it flaps as well, that server stops in the same way, and both wait for a
// person.
#include "sim/scenario/named/named.h"

namespace lockstep::sim {

namespace {
namespace c03 {

constexpr Time flaps_for_ever = 1000 * one_second;
/// Of a life that lasts up to 2 s, with its notice and the slowest phases.
constexpr Time each_start = 20 * one_second;
constexpr Time quiet = 10 * one_second;

void prepare(Mix& mix, Random& random) {
  mix.checks = true;
  mix.restarts_max = static_cast<std::uint32_t>(random.between(0, 2));
}

void direct(Director& d) {
  const NodeId active = d.come_up();
  const NodeId standby = other(active);
  const bool everywhere = d.random().chance(50);
  const std::uint64_t starts = d.starts(active);
  const std::uint64_t allowed = d.world().mix().restarts_max;
  if (everywhere) d.node(standby).application().flap(true);
  d.fail(active, Failing::flaps, flaps_for_ever);
  const Time stopped_within = static_cast<Time>(allowed + 1) * each_start;
  const auto stopped = [&](NodeId id) { return d.node(id).status().role == engine::Role::stop; };
  d.must(
      "checks", "the server stops", [&] { return stopped(active); }, stopped_within);
  d.expect("checks", d.starts(active) <= starts + allowed, "the application was started again too often");
  if (everywhere) {
    d.must(
        "checks", "the other server stops, too", [&] { return stopped(standby); }, stopped_within + each_start);
  } else {
    d.must(
        "checks", "the other server serves", [&] { return d.has_role(standby, engine::Role::alone); }, each_start);
  }
  const std::uint64_t all = d.starts(active) + d.starts(standby);
  d.never(
      "checks", "it is started once more", [&] { return d.starts(active) + d.starts(standby) != all; }, quiet);
}

}  // namespace c03
}  // namespace

const NamedScenario c03_flapping_application{
    .name = "C3",
    .title = "an application that dies after each start is stopped, and not started for ever",
    .finds = "restart-not-counted",
    .prepare = c03::prepare,
    .direct = c03::direct,
};

}  // namespace lockstep::sim
